#pragma once

#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace reeve::kernels {

/// Asks for huge pages where arrays are large: a frame's would otherwise take tens of thousands of page
/// faults. New elements are not touched, so that the threads that write them take those faults.
template <class T>
struct PageAllocator {
  using value_type = T;

  PageAllocator() = default;
  template <class U>
  PageAllocator(const PageAllocator<U>&) {}

  T* allocate(std::size_t count) {
    const std::size_t size_bytes = count * sizeof(T);
    void* const memory = ::operator new(size_bytes, alignment(size_bytes));
#if defined(__linux__)
    // Advice: where it is refused, small pages do.
    if (size_bytes >= kHugePageBytes) madvise(memory, size_bytes, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    ::operator delete(memory, alignment(count * sizeof(T)));
  }

  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    if constexpr (sizeof...(Arguments) == 0) {
      ::new (static_cast<void*>(at)) U;
    } else {
      ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
    }
  }
  bool operator==(const PageAllocator&) const = default;

 private:
  static constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

  static std::align_val_t alignment(std::size_t size_bytes) {
    return std::align_val_t{size_bytes >= kHugePageBytes ? kHugePageBytes : std::size_t{64}};
  }
};

template <class T>
using PageVector = std::vector<T, PageAllocator<T>>;

}  // namespace reeve::kernels
