#include "agent/shell/worker_process.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <numeric>

#include "agent/sandbox/sandbox.h"
#include "agent/sandbox/scratch.h"
#include "agent/shell/spawn.h"

namespace reeve::agent {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
/// A cancelled batch may end by itself within this time and what its worker asks for.
constexpr std::int64_t kCancelNs = 100 * kMillisecond;
/// Whatever a worker asks for: a notice of ten minutes, and environments that are left in ten more each.
constexpr Duration kMostPatience = seconds(3600);
constexpr std::int64_t kFirstRestartNs = 100 * kMillisecond;
constexpr std::int64_t kLongestRestartNs = 30'000 * kMillisecond;
/// Read from one worker before the others have their turn.
constexpr std::size_t kBytesPerTurn = 16U << 20;
/// The worker ends a comparator that is out of time itself, and says so.
constexpr std::int64_t kComparisonGraceNs = 15'000 * kMillisecond;

std::int64_t clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    close(socket_);
    munmap(progress_, sizeof(worker::Progress));
  }
  if (options_.scratch.empty()) return;
  sandbox::Sandbox::forget(sandbox::slot_name(options_.scratch));
  (void)sandbox::remove_tree(options_.scratch).ok();  // else when the agent starts again
}

worker::StepDocument WorkerProcess::document(const StepWork& step) const {
  worker::StepDocument document{
      step.step, step.kernel,     step.leaf_bytes, step.max_result_bytes, step.script,
      {},        step.time_limit, step.memory_mib, step.checkpoint_bytes};
  if (step.checkpoint != Digest{}) document.checkpoint = options_.input_path(step.checkpoint);
  for (const Digest& input : step.inputs)
    document.inputs.emplace_back(input, options_.input_path(input));
  document.iteration = step.iteration;
  for (const Digest& result : step.passed)
    document.passed.push_back(options_.input_path(result));
  return document;
}

void WorkerProcess::run(const RunBatch& work) {
  if (pid_ < 0) return;  // the core is about to hear that the worker is gone, and gives it out again
  worker::RunTasks message{work.batch, {}, {}};
  std::vector<const StepWork*> known;
  for (const BatchItem& item : work.items) {
    auto at = std::find(known.begin(), known.end(), item.step.get());
    if (at == known.end()) {
      message.steps.push_back(document(*item.step));
      at = known.insert(known.end(), item.step.get());
    }
    message.items.push_back({item.attempt, static_cast<std::uint32_t>(at - known.begin()), item.tasks,
                             item.gang ? *item.gang : msg::GangSeat{}});
  }
  worker::append_frame(out_, worker::ToWorker(std::move(message)));
  batches_.push_back({work.batch, work.items, 0, 0, {}, {}, false, {}, 0, {}});
  if (!write_some()) kill_now(Killed::kNo);
}

void WorkerProcess::run_leaves(const RunLeaves& work) {
  if (pid_ < 0) return;
  worker::append_frame(out_, worker::ToWorker(worker::RunLeaves{work.batch, document(*work.step),
                                                                work.work.task, work.work.leaves}));
  batches_.push_back({work.batch, {}, 0, 0, work.work.attempt, work.step->time_limit, false, {}, 0, {}});
  if (!write_some()) kill_now(Killed::kNo);
}

void WorkerProcess::compare(const RunComparison& work) {
  if (pid_ < 0) return;
  worker::RunComparison message{work.batch,
                                options_.input_path(work.work.a),
                                options_.input_path(work.work.b),
                                work.work.compare,
                                work.time,
                                std::nullopt};
  if (work.step) message.step = document(*work.step);
  worker::append_frame(out_, worker::ToWorker(std::move(message)));
  const Duration limit{work.time.ns + kComparisonGraceNs};
  batches_.push_back({work.batch, {}, 0, 0, {}, limit, false, {}, 0, work.work.attempt});
  if (!write_some()) kill_now(Killed::kNo);
}

void WorkerProcess::cancel(const CancelBatch& work, std::int64_t now_ns) {
  for (Handed& handed : batches_) {
    if (handed.id != work.batch) continue;
    handed.cancelled = true;
    handed.within = std::min(work.within.value_or(kMostPatience), kMostPatience);
  }
  look_for_cancel(now_ns);
}

Duration WorkerProcess::patience() const {
  const std::uint64_t ms = progress_->patience_ms.load(std::memory_order_acquire);
  return std::min(milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(ms, 1U << 30))),
                  kMostPatience);
}

/// One that waits behind another's work is told when its turn has come: that other is not to suffer.
void WorkerProcess::look_for_cancel(std::int64_t now_ns) {
  if (pid_ < 0 || batches_.empty() || !batches_.front().cancelled || killed_ != Killed::kNo) return;
  Handed& front = batches_.front();
  if (front.kill_at_ns == 0) {
    const Duration wait = std::min(patience(), front.within);
    front.kill_at_ns = now_ns + kCancelNs + wait.ns;
    progress_->within_ms.store(static_cast<std::uint64_t>(front.within.ns / kMillisecond),
                               std::memory_order_relaxed);
    progress_->cancelled.store(front.id, std::memory_order_release);
  } else if (now_ns >= front.kill_at_ns) {
    kill_now(Killed::kCancelled);
  }
}

bool WorkerProcess::ask_to_leave(Duration within) {
  if (pid_ < 0 || patience().ns == 0) return false;
  progress_->within_ms.store(static_cast<std::uint64_t>(within.ns / kMillisecond), std::memory_order_relaxed);
  progress_->cancelled.store(worker::kEverything, std::memory_order_release);
  shutdown(socket_, SHUT_WR);
  return true;
}

void WorkerProcess::await_end(std::int64_t until_ns) {
  std::array<std::uint8_t, 65536> buffer;
  for (std::int64_t now = 0; pid_ > 0 && (now = clock_ns()) < until_ns;) {
    pollfd item{socket_, POLLIN, 0};
    if (poll(&item, 1, static_cast<int>((until_ns - now) / kMillisecond) + 1) <= 0) continue;
    if (::read(socket_, buffer.data(), buffer.size()) == 0) return;
  }
}

Result<void> WorkerProcess::spawn(std::int64_t now_ns) {
  ++failures_;  // until it proves itself
  start_at_ns_ = now_ns + std::min(kLongestRestartNs, kFirstRestartNs << std::min(failures_, 12U));
  const auto spawned = spawn_worker(options_.path, {options_.cpus, options_.memory_mib, options_.scratch,
                                                    options_.images, options_.image_bytes, options_.gpus});
  if (!spawned) return spawned.error();
  pid_ = spawned.value().pid;
  socket_ = spawned.value().socket;
  progress_ = spawned.value().progress;
  ready_ = false;
  killed_ = Killed::kNo;
  out_.clear();
  in_ = {};
  watching_writes_ = false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = options_.slot;
  epoll_ctl(options_.epoll, EPOLL_CTL_ADD, socket_, &event);
  return {};
}

void WorkerProcess::kill_now(Killed why) {
  killed_ = why;
  kill(-pid_, SIGKILL);  // the end of the stream brings the rest
}

void WorkerProcess::on_socket(std::vector<RunnerEvent>& events, std::int64_t now_ns) {
  if (pid_ < 0) return;
  if (!read_all(events) || !write_some()) end(events, now_ns);
}

bool WorkerProcess::read_all(std::vector<RunnerEvent>& events) {
  std::array<std::uint8_t, 65536> buffer;
  std::size_t total = 0;
  while (total < kBytesPerTurn) {
    const ssize_t n = ::read(socket_, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    total += static_cast<std::size_t>(n);
    in_.add({buffer.data(), static_cast<std::size_t>(n)});
    bool any = false;
    for (ByteView body = in_.next(); !body.empty(); body = in_.next()) {
      worker::FromWorker message;
      if (!from_archive(body, message) || !take(std::move(message), events)) return false;
      any = true;
    }
    if (any) in_.compact();
    if (in_.broken()) return false;
  }
  return true;
}

bool WorkerProcess::write_some() {
  while (pid_ > 0 && !out_.empty()) {
    const ssize_t n = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) return false;
    out_.erase(out_.begin(), out_.begin() + n);
  }
  if (pid_ > 0 && watching_writes_ == out_.empty()) watch(!out_.empty());
  return true;
}

void WorkerProcess::watch(bool writable) {
  epoll_event event{};
  event.events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = options_.slot;
  epoll_ctl(options_.epoll, EPOLL_CTL_MOD, socket_, &event);
  watching_writes_ = writable;
}

bool WorkerProcess::take(worker::FromWorker message, std::vector<RunnerEvent>& events) {
  if (std::holds_alternative<worker::Ready>(message)) {
    ready_ = true;
    events.push_back(SlotUp{options_.slot});
    return true;
  }
  if (auto* lost = std::get_if<worker::CardLost>(&message)) {
    lost_card_ = "its GPU was lost: " + lost->why + "; restart the agent when the card works again";
    return true;
  }
  if (batches_.empty()) return false;
  Handed& front = batches_.front();
  if (auto* text = std::get_if<worker::TaskText>(&message)) {
    take_text(std::move(*text));
    return true;
  }
  if (auto* left = std::get_if<worker::CheckpointLeft>(&message)) {
    take_checkpoint(std::move(*left), events);
    return true;
  }
  if (auto* results = std::get_if<worker::TaskResults>(&message))
    return take_results(std::move(*results), events);
  if (auto* compared = std::get_if<worker::Compared>(&message))
    return take_compared(std::move(*compared), events);
  if (const auto* hashes = std::get_if<worker::LeafHashes>(&message)) {
    if (hashes->batch != front.id || !front.leaves.valid()) return false;
    events.push_back(LeavesFinished{options_.slot, front.id, front.leaves, hashes->hashes});
    batches_.pop_front();
    failures_ = 0;
    return true;
  }
  const auto& refused = std::get<worker::TaskRefused>(message);
  BatchItem at;
  if (refused.batch != front.id || !current_task(at) || refused.attempt != at.attempt ||
      refused.task != at.tasks.first)
    return false;
  events.push_back(
      TaskFailed{options_.slot, front.id, refused.attempt, refused.task, refused.reason, refused.why});
  if (++front.done == front.items[front.item].tasks.count) {
    front.done = 0;
    if (++front.item == front.items.size()) batches_.pop_front();
  }
  return true;
}

bool WorkerProcess::take_compared(worker::Compared compared, std::vector<RunnerEvent>& events) {
  const Handed& front = batches_.front();
  if (compared.batch != front.id || !front.comparison.valid()) return false;
  events.push_back(ComparisonFinished{options_.slot, front.id, front.comparison, compared.verdict,
                                      std::move(compared.why)});
  batches_.pop_front();
  failures_ = 0;
  return true;
}

/// Of the task in hand alone, and of none that was cancelled.
void WorkerProcess::take_text(worker::TaskText text) {
  BatchItem at;
  const Handed& front = batches_.front();
  if (!options_.texts || text.batch != front.id || front.cancelled || !current_task(at)) return;
  if (text.attempt != at.attempt || text.task != at.tasks.first) return;
  options_.texts->push_back({text.attempt, at.step->step, text.task, text.offset, std::move(text.text)});
}

/// Of the task in hand alone; of another the file stays behind, and goes with the slot's folder.
void WorkerProcess::take_checkpoint(worker::CheckpointLeft left, std::vector<RunnerEvent>& events) const {
  BatchItem at;
  if (left.batch != batches_.front().id || !current_task(at)) return;
  if (left.attempt != at.attempt || left.task != at.tasks.first) return;
  events.push_back(CheckpointLeft{options_.slot, left.attempt, left.task, std::move(left.file), left.root,
                                  left.size_bytes});
}

bool WorkerProcess::take_results(worker::TaskResults results, std::vector<RunnerEvent>& events) {
  Handed& front = batches_.front();
  const auto count = static_cast<std::uint32_t>(results.sizes.size());
  if (results.batch != front.id || front.item >= front.items.size()) return false;
  const BatchItem& item = front.items[front.item];
  const std::uint64_t bytes = std::accumulate(results.sizes.begin(), results.sizes.end(), std::uint64_t{0});
  if (results.attempt != item.attempt || results.first != item.tasks.first + front.done || count == 0 ||
      count > item.tasks.count - front.done || bytes != results.payload.size())
    return false;
  events.push_back(TaskOutput{options_.slot,
                              front.id,
                              item.attempt,
                              item.step,
                              {results.first, count},
                              std::move(results.sizes),
                              std::move(results.payload),
                              results.spent});
  failures_ = 0;
  front.done += count;
  if (front.done < item.tasks.count) return true;
  front.done = 0;
  if (++front.item == front.items.size()) batches_.pop_front();
  return true;
}

bool WorkerProcess::current_task(BatchItem& at) const {
  if (batches_.empty() || batches_.front().item >= batches_.front().items.size()) return false;
  const Handed& front = batches_.front();
  at = front.items[front.item];
  at.tasks = {at.tasks.first + front.done, 1};
  return true;
}

/// After an end that nobody asked for: the task that was begun last has failed, unless its result came
/// through.
void WorkerProcess::blame(std::vector<RunnerEvent>& events, const std::string& how) {
  if (batches_.empty()) return;
  const Handed& front = batches_.front();
  if (front.leaves.valid()) {
    events.push_back(LeavesFinished{options_.slot, front.id, front.leaves, {}});
    return;
  }
  if (front.comparison.valid()) {
    const char* const what = killed_ == Killed::kTimeLimit ? "the comparator hung: its worker ended with "
                                                           : "the comparator's worker ended with ";
    events.push_back(ComparisonFinished{options_.slot, front.id, front.comparison,
                                        msg::ComparisonVerdict::kUndecidable, what + how});
    return;
  }
  if (progress_->batch.load(std::memory_order_acquire) != front.id) return;
  std::uint64_t begun = progress_->tasks_begun.load(std::memory_order_acquire);
  if (begun == 0) return;
  const bool hung = killed_ == Killed::kTimeLimit;
  for (std::size_t i = 0; i < front.items.size(); ++i) {
    const BatchItem& item = front.items[i];
    if (begun > item.tasks.count) {
      begun -= item.tasks.count;
      continue;
    }
    const auto offset = static_cast<std::uint32_t>(begun - 1);
    if (i < front.item || (i == front.item && offset < front.done)) return;
    events.push_back(TaskFailed{
        options_.slot, front.id, item.attempt, item.tasks.first + offset,
        hung ? msg::FailureReason::kTimeLimit : msg::FailureReason::kCrashed,
        hung ? "the task took longer than its step's time limit" : "the worker ended with " + how});
    return;
  }
}

void WorkerProcess::end(std::vector<RunnerEvent>& events, std::int64_t now_ns) {
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  epoll_ctl(options_.epoll, EPOLL_CTL_DEL, socket_, nullptr);
  close(socket_);
  const std::string how = describe_exit(status);
  const bool wanted =
      killed_ == Killed::kCancelled || (!batches_.empty() && batches_.front().kill_at_ns != 0);
  if (!wanted) blame(events, how);
  munmap(progress_, sizeof(worker::Progress));
  progress_ = nullptr;
  pid_ = -1;
  batches_.clear();
  events.push_back(SlotDown{options_.slot, !lost_card_.empty() ? lost_card_ : wanted ? "" : how});
  if (ready_ && failures_ <= 1) start_at_ns_ = now_ns;
}

void WorkerProcess::look_for_hang(std::int64_t now_ns) {
  if (batches_.empty() || killed_ != Killed::kNo) return;
  const Handed& front = batches_.front();
  const std::uint64_t batch = progress_->batch.load(std::memory_order_acquire);
  const std::uint64_t task = progress_->tasks_begun.load(std::memory_order_acquire);
  if (batch != front.id || batch != seen_batch_ || task != seen_task_) {
    seen_batch_ = batch;
    seen_task_ = task;
    seen_since_ns_ = now_ns;
    return;
  }
  BatchItem at;
  const Duration limit = current_task(at) ? at.step->time_limit : front.leaf_limit;
  // Programs are ended by their worker, as their actions say.
  if (limit.ns > 0 && now_ns - seen_since_ns_ > limit.ns + patience().ns) kill_now(Killed::kTimeLimit);
}

void WorkerProcess::on_time(std::vector<RunnerEvent>& events, std::int64_t now_ns) {
  if (pid_ < 0) {
    if (now_ns < start_at_ns_ || !lost_card_.empty()) return;
    if (const auto started = spawn(now_ns); !started)
      events.push_back(SlotDown{options_.slot, started.error().message + "; " + started.error().hint});
    return;
  }
  look_for_cancel(now_ns);
  look_for_hang(now_ns);
}

}  // namespace reeve::agent
