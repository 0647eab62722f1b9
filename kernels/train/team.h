#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace reeve::kernels {

inline constexpr unsigned kMaxTrainThreads = 256;

/// Threads that work off one list of parts after another; the thread that calls is one of them. Which thread
/// takes which part is left to chance: no result may depend on it. Each thread has scratch memory for a gemm.
class Team {
 public:
  /// threads: 1..kMaxTrainThreads.
  explicit Team(unsigned threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Calls work(part, scratch) once for each part below `parts`; returns when all have returned.
  void run(std::size_t parts, const std::function<void(std::size_t part, float* scratch)>& work);
  unsigned threads() const { return static_cast<unsigned>(scratch_.size()); }

 private:
  void help(std::size_t thread);
  void take_parts(float* scratch);

  struct FreeScratch {
    void operator()(float* memory) const;
  };
  std::vector<std::unique_ptr<float[], FreeScratch>> scratch_;
  const std::function<void(std::size_t, float*)>* work_ = nullptr;
  std::size_t parts_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t> round_{0};    ///< counts the lists
  std::atomic<std::uint32_t> resting_{0};  ///< helpers that are done with the current one
  std::atomic<bool> ends_{false};
  std::vector<std::jthread> helpers_;
};

}  // namespace reeve::kernels
