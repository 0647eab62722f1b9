#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace reeve::kernels {

/// Runs work(first, last) over 0..count in at most `threads` runs of at least `smallest` items, one a thread;
/// the caller's thread takes the last. Returns when all are done. `work` must not throw.
template <class Work>
void parallel_for(std::size_t count, unsigned threads, std::size_t smallest, const Work& work) {
  const std::size_t runs = std::clamp<std::size_t>(count / smallest, 1, threads);
  std::vector<std::jthread> helpers;
  helpers.reserve(runs - 1);
  for (std::size_t run = 0; run + 1 < runs; ++run)
    helpers.emplace_back(work, count * run / runs, count * (run + 1) / runs);
  work(count * (runs - 1) / runs, count);
}

}  // namespace reeve::kernels
