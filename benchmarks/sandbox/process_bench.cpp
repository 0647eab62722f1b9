#include <benchmark/benchmark.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "agent/sandbox/scratch.h"
#include "agent/shell/process_runner.h"
#include "openjd/step_script.h"

/// What a process task costs beyond its process: /bin/true started bare, and run as tasks by a worker process
/// as an agent drives it, without walls and with them. Time of each iteration is that of one task. Ratios are
/// of one run: run with --benchmark_enable_random_interleaving=true, as scripts/bench sandbox does.
namespace reeve::agent {
namespace {

/// As many as an agent hands over at once of tasks of some milliseconds (bounds::kWorkPerBatch).
constexpr std::uint32_t kTasksPerBatch = 32;
constexpr std::uint32_t kBatchesInHand = 2;

void bare(benchmark::State& state) {
  for (auto _ : state) {
    char program[] = "/bin/true";
    char* argv[] = {program, nullptr};
    char* environment[] = {nullptr};
    pid_t pid = -1;
    int status = 1;
    if (posix_spawn(&pid, program, nullptr, nullptr, argv, environment) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0)
      return state.SkipWithError("/bin/true could not be run");
  }
}
BENCHMARK(bare)->Unit(benchmark::kMillisecond)->UseRealTime();

StepPtr step_of_trues() {
  openjd::StepScript script;
  script.on_run.command = openjd::FormatString::literal("/bin/true");
  auto range = openjd::RangeExpr::parse("1-" + std::to_string(kTasksPerBatch));
  script.space = openjd::ParameterSpace::make({{"N", openjd::ParameterType::kInt, std::move(range).value()}},
                                              openjd::Combination::product_of_all(1))
                     .value();
  auto info = std::make_shared<msg::StepInfo>();
  info->step = {JobId(1), 0};
  info->kernel = {"program", 1};
  info->max_result_bytes = 4096;
  info->script = openjd::encode_step(script).value();
  return info;
}

/// One slot that never runs dry.
class Slot {
 public:
  explicit Slot(const char* worker) {
    folder_ = (std::filesystem::temp_directory_path() / "reeve-bench-XXXXXX").string();
    RunnerOptions options;
    options.worker_path = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / worker).string();
    options.input_path = [](const Digest&) { return std::string(); };
    options.memory_mib = 512;
    if (mkdtemp(folder_.data()) == nullptr) return;
    options.scratch = folder_;
    auto started = ProcessRunner::start(options);
    if (started) runner_ = std::move(started).value();
    while (runner_ && !up_)
      look();
  }
  ~Slot() {
    runner_.reset();
    (void)sandbox::remove_tree(folder_).ok();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  /// Waits for one more result; false where a task failed.
  bool next() {
    while (in_hand_ < kBatchesInHand * kTasksPerBatch && runner_) {
      runner_->run({0, next_batch_, {{AttemptId(next_batch_), step_, {0, kTasksPerBatch}}}});
      ++next_batch_;
      in_hand_ += kTasksPerBatch;
    }
    while (results_ == 0 && why.empty())
      look();
    if (!why.empty()) return false;
    --results_;
    return true;
  }
  std::string why;

 private:
  void look() {
    if (!runner_) {
      why = "no worker";
      return;
    }
    pollfd item{runner_->fd(), POLLIN, 0};
    poll(&item, 1, 1000);
    for (const RunnerEvent& event : runner_->pump()) {
      if (std::holds_alternative<SlotUp>(event)) up_ = true;
      if (const auto* output = std::get_if<TaskOutput>(&event)) {
        results_ += output->tasks.count;
        in_hand_ -= output->tasks.count;
      }
      if (const auto* failed = std::get_if<TaskFailed>(&event)) why = failed->message;
      if (const auto* down = std::get_if<SlotDown>(&event)) why = "the worker ended: " + down->why;
    }
  }

  std::string folder_;
  std::unique_ptr<ProcessRunner> runner_;
  StepPtr step_ = step_of_trues();
  BatchId next_batch_ = 1;
  std::uint32_t in_hand_ = 0;
  std::uint32_t results_ = 0;
  bool up_ = false;
};

void run_tasks(benchmark::State& state, const char* worker) {
  Slot slot(worker);
  for (std::uint32_t i = 0; i < kTasksPerBatch; ++i)  // the session's own start is for many tasks
    if (!slot.next()) return state.SkipWithError(slot.why.c_str());
  for (auto _ : state) {
    if (!slot.next()) return state.SkipWithError(slot.why.c_str());
  }
}

void without_sandbox(benchmark::State& state) {
  run_tasks(state, "reeve-bare-worker");
}
BENCHMARK(without_sandbox)->Unit(benchmark::kMillisecond)->UseRealTime();

void with_sandbox(benchmark::State& state) {
  run_tasks(state, "reeve-worker");
}
BENCHMARK(with_sandbox)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace reeve::agent
