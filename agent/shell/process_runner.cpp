#include "agent/shell/process_runner.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "agent/shell/worker_process.h"

namespace reeve::agent {
namespace {

/// How often hangs, cancels and restarts are looked at while there are any to expect.
constexpr long kLookNs = 50'000'000;
/// When the agent ends, sessions have so long to leave their environments.
constexpr Duration kLeaving = milliseconds(1500);
constexpr Duration kLeavingSlack = milliseconds(500);
constexpr std::uint64_t kTimerTag = ~std::uint64_t{0};

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ProcessRunner::ProcessRunner(RunnerOptions options) : options_(std::move(options)) {}

Result<std::unique_ptr<ProcessRunner>> ProcessRunner::start(RunnerOptions options) {
  if (access(options.worker_path.c_str(), X_OK) != 0)
    return Error{ErrorCode::kNotFound,
                 "no worker program at " + options.worker_path + ": " + std::strerror(errno),
                 "install reeve-worker beside reeve-agent"};
  std::unique_ptr<ProcessRunner> runner(new ProcessRunner(std::move(options)));
  runner->epoll_ = epoll_create1(EPOLL_CLOEXEC);
  runner->timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (runner->epoll_ < 0 || runner->timer_ < 0)
    return Error{ErrorCode::kIo, std::string("cannot watch workers: ") + std::strerror(errno),
                 "raise the limit of open files (ulimit -n)"};
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kTimerTag;
  epoll_ctl(runner->epoll_, EPOLL_CTL_ADD, runner->timer_, &event);
  const std::string& scratch = runner->options_.scratch;
  for (SlotIndex slot = 0; slot < runner->options_.slots; ++slot) {
    runner->workers_.push_back(std::make_unique<WorkerProcess>(
        WorkerProcess::Options{slot, runner->options_.cpus_per_slot, runner->options_.worker_path,
                               runner->epoll_, runner->options_.input_path, runner->options_.memory_mib,
                               scratch.empty() ? "" : scratch + "/slot-" + std::to_string(slot),
                               &runner->texts_, runner->options_.images, runner->options_.image_bytes,
                               slot < runner->options_.gpus.size() ? runner->options_.gpus[slot] : ""}));
  }
  runner->arm_timer();
  return runner;
}

ProcessRunner::~ProcessRunner() {
  const std::int64_t until = now_ns() + kLeaving.ns + kLeavingSlack.ns;
  std::vector<WorkerProcess*> leaving;
  for (const auto& worker : workers_)
    if (worker->ask_to_leave(kLeaving)) leaving.push_back(worker.get());
  for (WorkerProcess* worker : leaving)
    worker->await_end(until);
  workers_.clear();
  if (timer_ >= 0) close(timer_);
  if (epoll_ >= 0) close(epoll_);
}

void ProcessRunner::run(const RunBatch& work) {
  workers_.at(work.slot)->run(work);
  arm_timer();
}

void ProcessRunner::run_leaves(const RunLeaves& work) {
  workers_.at(work.slot)->run_leaves(work);
  arm_timer();
}

void ProcessRunner::compare(const RunComparison& work) {
  workers_.at(work.slot)->compare(work);
  arm_timer();
}

void ProcessRunner::cancel(const CancelBatch& work) {
  workers_.at(work.slot)->cancel(work, now_ns());
}

void ProcessRunner::arm_timer() {
  if (armed_) return;
  itimerspec due{};
  due.it_value.tv_nsec = kLookNs;
  timerfd_settime(timer_, 0, &due, nullptr);
  armed_ = true;
}

std::vector<RunnerEvent> ProcessRunner::pump() {
  std::vector<RunnerEvent> events;
  std::array<epoll_event, 64> ready;
  const int n = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 0);
  const std::int64_t now = now_ns();
  bool look = false;
  for (int i = 0; i < n; ++i) {
    const std::uint64_t tag = ready[static_cast<std::size_t>(i)].data.u64;
    if (tag == kTimerTag) {
      std::uint64_t ticks = 0;
      if (read(timer_, &ticks, sizeof ticks) > 0) look = true;
      armed_ = false;
    } else {
      workers_.at(tag)->on_socket(events, now);
    }
  }
  bool again = false;
  for (const auto& process : workers_) {
    if (look) process->on_time(events, now);
    again = again || process->needs_time();
  }
  if (again) arm_timer();
  return events;
}

}  // namespace reeve::agent
