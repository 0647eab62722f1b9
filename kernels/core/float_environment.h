#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace reeve::kernels {

/// While it lives, this thread rounds to nearest and keeps denormals, whatever a linked library has set
/// (crtfastmath flushes denormals to zero in every thread).
class FloatEnvironment {
 public:
  FloatEnvironment() : saved_(read()) { write(kDefault); }
  ~FloatEnvironment() { write(saved_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__x86_64__)
  static constexpr std::uint64_t kDefault = 0x1f80;  // all exceptions masked, nothing flushed
  static std::uint64_t read() {
    return _mm_getcsr();
  }
  static void write(std::uint64_t control) {
    _mm_setcsr(static_cast<unsigned>(control));
  }
#elif defined(__aarch64__)
  static constexpr std::uint64_t kDefault = 0;
  static std::uint64_t read() {
    std::uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return control;
  }
  static void write(std::uint64_t control) {
    __asm__ volatile("msr fpcr, %0" : : "r"(control));
  }
#else
#error "kernels: this processor's rounding and denormal controls are not known; add them here"
#endif

  std::uint64_t saved_;
};

}  // namespace reeve::kernels
