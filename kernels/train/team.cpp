#include "kernels/train/team.h"

#include <cstdlib>
#include <new>

#include "kernels/core/float_environment.h"
#include "kernels/train/gemm_call.h"

namespace reeve::kernels {
namespace {

/// Looks before a thread sleeps: parts follow one another within microseconds, and a sleep costs as much.
constexpr int kLooks = 2000;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// Returns when the value differs from `seen`.
void wait_for_change(std::atomic<std::uint32_t>& value, std::uint32_t seen) {
  for (int look = 0; look < kLooks; ++look) {
    if (value.load(std::memory_order_acquire) != seen) return;
    pause_briefly();
  }
  value.wait(seen, std::memory_order_acquire);
}

float* allocate_scratch() {
  void* memory = std::aligned_alloc(std::size_t{1} << 21, kGemmScratch * sizeof(float));
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<float*>(memory);
}

}  // namespace

void Team::FreeScratch::operator()(float* memory) const {
  std::free(memory);
}

Team::Team(unsigned threads) {
  static_assert(kGemmScratch * sizeof(float) % (std::size_t{1} << 21) == 0);
  for (unsigned i = 0; i < threads; ++i)
    scratch_.emplace_back(allocate_scratch());
  for (unsigned i = 1; i < threads; ++i)
    helpers_.emplace_back([this, i] { help(i); });
}

Team::~Team() {
  ends_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
}

void Team::take_parts(float* scratch) {
  for (;;) {
    const std::size_t part = next_.fetch_add(1, std::memory_order_relaxed);
    if (part >= parts_) return;
    (*work_)(part, scratch);
  }
}

void Team::help(std::size_t thread) {
  const FloatEnvironment float_environment;
  for (std::uint32_t seen = 0;; ++seen) {
    wait_for_change(round_, seen);
    if (ends_.load(std::memory_order_relaxed)) return;
    take_parts(scratch_[thread].get());
    resting_.fetch_add(1, std::memory_order_release);
    resting_.notify_one();
  }
}

void Team::run(std::size_t parts, const std::function<void(std::size_t, float*)>& work) {
  const FloatEnvironment float_environment;
  const auto helpers = static_cast<std::uint32_t>(helpers_.size());
  work_ = &work;
  parts_ = parts;
  next_.store(0, std::memory_order_relaxed);
  if (parts <= 1 || helpers == 0) {
    take_parts(scratch_[0].get());
    return;
  }
  resting_.store(0, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  take_parts(scratch_[0].get());
  for (std::uint32_t seen; (seen = resting_.load(std::memory_order_acquire)) < helpers;)
    wait_for_change(resting_, seen);
}

}  // namespace reeve::kernels
