#include <benchmark/benchmark.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "agent/sandbox/scratch.h"
#include "agent/shell/process_runner.h"
#include "openjd/step_script.h"

/// What a process task costs beyond its process: /bin/true started bare, and run as tasks by a worker process
/// as an agent drives it, without walls and with them. Every iteration runs some of each, one after the
/// other, so that whatever else the machine does meets all three; the counters are medians over the
/// iterations.
namespace reeve::agent {
namespace {

using Clock = std::chrono::steady_clock;

/// As many as an agent hands over at once of tasks of a millisecond (bounds::kWorkPerBatch).
constexpr std::uint32_t kTasksPerBatch = 50;

bool start_bare() {
  char program[] = "/bin/true";
  char* argv[] = {program, nullptr};
  char* environment[] = {nullptr};
  pid_t pid = -1;
  int status = 1;
  return posix_spawn(&pid, program, nullptr, nullptr, argv, environment) == 0 &&
         waitpid(pid, &status, 0) == pid && status == 0;
}

StepPtr step_of_trues() {
  openjd::StepScript script;
  script.on_run.command = openjd::FormatString::literal("/bin/true");
  auto range = openjd::RangeExpr::parse("1-" + std::to_string(kTasksPerBatch));
  script.space = openjd::ParameterSpace::make({{"N", openjd::ParameterType::kInt, std::move(range).value()}},
                                              openjd::Combination::product_of_all(1))
                     .value();
  auto info = std::make_shared<agent::StepWork>();
  info->step = {JobId(1), 0};
  info->kernel = {"program", 1};
  info->max_result_bytes = 4096;
  info->script = openjd::encode_step(script).value();
  return info;
}

/// One slot with one worker.
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
    while (why.empty() && !up_)
      look();
  }
  ~Slot() {
    runner_.reset();
    (void)sandbox::remove_tree(folder_).ok();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  /// Runs one batch; false where a task failed.
  bool run_batch() {
    if (!why.empty()) return false;
    results_ = 0;
    runner_->run({0, next_batch_, {{AttemptId(next_batch_), step_, {0, kTasksPerBatch}}}});
    ++next_batch_;
    while (results_ < kTasksPerBatch && why.empty())
      look();
    return why.empty();
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
      if (const auto* output = std::get_if<TaskOutput>(&event)) results_ += output->tasks.count;
      if (const auto* failed = std::get_if<TaskFailed>(&event)) why = failed->message;
      if (const auto* down = std::get_if<SlotDown>(&event)) why = "the worker ended: " + down->why;
    }
  }

  std::string folder_;
  std::unique_ptr<ProcessRunner> runner_;
  StepPtr step_ = step_of_trues();
  BatchId next_batch_ = 1;
  std::uint32_t results_ = 0;
  bool up_ = false;
};

/// Milliseconds a task of what `work` does for a batch.
template <class Work>
double timed(const Work& work) {
  const auto began = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count() / kTasksPerBatch;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void process_tasks(benchmark::State& state) {
  Slot without_walls("reeve-bare-worker");
  Slot with_walls("reeve-worker");
  bool good = without_walls.run_batch() && with_walls.run_batch();  // a session's own start is for many tasks
  std::vector<double> bare, without, with, rates, more;
  for (auto _ : state) {
    bare.push_back(timed([&good] {
      for (std::uint32_t i = 0; i < kTasksPerBatch; ++i)
        good = start_bare() && good;
    }));
    without.push_back(timed([&] { good = without_walls.run_batch() && good; }));
    with.push_back(timed([&] { good = with_walls.run_batch() && good; }));
    if (!good) return state.SkipWithError((without_walls.why + with_walls.why).c_str());
    rates.push_back(bare.back() / without.back());
    more.push_back(with.back() - without.back());
  }
  state.counters["bare_ms"] = median(bare);
  state.counters["without_sandbox_ms"] = median(without);
  state.counters["with_sandbox_ms"] = median(with);
  state.counters["rate_of_bare"] = median(rates);
  state.counters["more_with_sandbox_ms"] = median(more);
}
BENCHMARK(process_tasks)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(10);

}  // namespace
}  // namespace reeve::agent
