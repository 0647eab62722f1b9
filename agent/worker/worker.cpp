#include "agent/worker/worker.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>

#include "agent/worker/card.h"
#include "agent/worker/comparer.h"
#include "kernels/core/float_environment.h"
#include "protocol/limits.h"
#include "protocol/utf8.h"

namespace reeve::agent::worker {
namespace {

/// Steps whose scripts stay decoded.
constexpr std::size_t kBoundSteps = 16;
/// Results wait no longer than this for others to travel with.
constexpr std::int64_t kBundleNs = 2'000'000;
/// A session waits so long for the next task of its step: beyond a round trip to the region and back, and
/// short enough that what its environments hold (licences, servers) is not held for nobody.
constexpr int kIdleMs = 1000;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// As the region takes it: a program may have chosen some of the words.
std::string sentence(const Error& error) {
  const std::string whole = error.hint.empty() ? error.message : error.message + "; " + error.hint;
  return clean_text(std::string_view(whole).substr(0, limits::kTextBytes));
}

}  // namespace

Worker::Worker(int socket, Progress* progress, unsigned cpus, WorkerShare share,
               std::unique_ptr<sandbox::Sandbox> sandbox)
    : socket_(socket), progress_(progress), context_(cpus, std::move(share), progress) {
  context_.sandbox = std::move(sandbox);
}

bool Worker::serve() {
  say(Ready{});
  while (!ending_ && flush()) {
    wait_for_work();
    if (!read_some()) break;
    for (ByteView body = in_.next(); !body.empty() && !ending_; body = in_.next()) {
      ToWorker work;
      if (!from_archive(body, work)) return false;
      std::visit([this](const auto& message) { handle(message); }, work);
      if (!flush()) return false;
    }
    in_.compact();
    if (in_.broken()) return false;
  }
  rest();
  return !broken_;
}

/// The step that ran last may keep things open for its next task, which is either here soon or elsewhere.
void Worker::wait_for_work() {
  if (bound_.empty() || !bound_.front().kernel || !bound_.front().kernel.value()->holds_open()) return;
  pollfd item{socket_, POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&item, 1, kIdleMs)) < 0 && errno == EINTR) {
  }
  if (ready != 0) return;
  rest();
  if (progress_) progress_->patience_ms.store(0, std::memory_order_release);
}

/// Only the step that ran last holds anything open.
void Worker::rest() {
  if (!bound_.empty() && bound_.front().kernel) bound_.front().kernel.value()->rest();
}

bool Worker::read_some() {
  std::array<std::uint8_t, 65536> buffer;
  for (;;) {
    const ssize_t n = ::read(socket_, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    in_.add({buffer.data(), static_cast<std::size_t>(n)});
    return true;
  }
}

template <class Message>
void Worker::say(const Message& message) {
  append_frame(out_, FromWorker(message));
}

bool Worker::flush() {
  close_results();
  std::size_t sent = 0;
  while (sent < out_.size() && !broken_) {
    const ssize_t n = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    broken_ = n <= 0;
    if (!broken_) sent += static_cast<std::size_t>(n);
  }
  out_.clear();
  last_flush_ns_ = now_ns();
  return !broken_;
}

/// Sends what the socket takes without waiting. True once nothing is left.
bool Worker::drain() {
  std::size_t sent = 0;
  while (sent < out_.size() && !broken_) {
    const ssize_t n = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    broken_ = n <= 0;
    if (!broken_) sent += static_cast<std::size_t>(n);
  }
  out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent));
  return out_.empty();
}

/// A program never waits for the agent: where the socket is full, the text stays with the task's log.
bool Worker::say_text(TaskText text, bool must) {
  if (!drain() && !must) return false;
  say(text);
  drain();
  return true;
}

void Worker::close_results() {
  if (results_.sizes.empty()) return;
  const std::int64_t now = now_ns();
  results_.spent = {now - last_result_ns_};
  last_result_ns_ = now;
  say(results_);
  results_.first += static_cast<TaskIndex>(results_.sizes.size());
  results_.sizes.clear();
  results_.payload.clear();
}

Worker::Bound& Worker::bind(const StepDocument& document) {
  const auto known = std::find_if(bound_.begin(), bound_.end(), [&document](const Bound& candidate) {
    return candidate.document == document;
  });
  if (known != bound_.end() && known == bound_.begin()) return bound_.front();
  rest();
  if (known != bound_.end()) {
    std::rotate(bound_.begin(), known, known + 1);
    return bound_.front();
  }
  if (bound_.size() == kBoundSteps) bound_.pop_back();
  bound_.push_front({document, bind_step(document, context_)});
  return bound_.front();
}

void Worker::handle(const RunTasks& work) {
  if (progress_) {
    progress_->tasks_begun.store(0, std::memory_order_relaxed);
    progress_->batch.store(work.batch, std::memory_order_release);
  }
  context_.batch = work.batch;
  last_result_ns_ = now_ns();
  std::uint64_t begun = 0;
  for (const WorkItem& item : work.items) {
    run_item(work, item, begun);
    if (broken_ || ending_) return;
  }
}

msg::FailureReason Worker::reason_of(const Bound& bound, const Error& error) {
  return bound.kernel ? bound.kernel.value()->reason_of(error) : failure_reason(error);
}

void Worker::run_item(const RunTasks& work, const WorkItem& item, std::uint64_t& begun) {
  const StepDocument& document = work.steps.at(item.document);
  Bound& bound = bind(document);
  context_.attempt = item.attempt;
  context_.gang = item.gang;
  results_.batch = work.batch;
  results_.attempt = item.attempt;
  results_.first = item.tasks.first;
  if (is_program(document.kernel)) {
    context_.log = [&](TaskIndex task, std::uint64_t offset, std::string text, bool must) {
      return say_text({work.batch, item.attempt, task, offset, std::move(text)}, must);
    };
    context_.left = [&](TaskIndex task, const MadeCheckpoint& made) {
      say(CheckpointLeft{work.batch, item.attempt, task, made.file, made.root, made.size_bytes});
      drain();
    };
  }
  for (TaskIndex task = item.tasks.first; task != item.tasks.end() && !broken_; ++task) {
    ending_ = context_.cancelled().has_value();
    if (ending_) break;
    if (progress_) progress_->tasks_begun.store(++begun, std::memory_order_release);
    // What an earlier task asked for ends here: were it sooner, the agent might not wait for that one's last
    // word.
    if (progress_ && (!bound.kernel || !bound.kernel.value()->holds_open()))
      progress_->patience_ms.store(0, std::memory_order_release);
    if (context_.log) close_results();  // the text of a task goes behind the results before it
    const std::size_t before = results_.payload.size();
    const Result<void> ran =
        bound.kernel ? run_task(*bound.kernel.value(), document, task) : Result<void>(bound.kernel.error());
    if (ran) {
      results_.sizes.push_back(static_cast<std::uint32_t>(results_.payload.size() - before));
    } else {
      results_.payload.resize(before);
      close_results();
      ending_ = context_.cancelled().has_value();  // which may be why: it is nobody's failure
      if (ending_) break;
      say(TaskRefused{work.batch, item.attempt, task, reason_of(bound, ran.error()), sentence(ran.error())});
      results_.first = task + 1;
      if (say_lost_card()) break;
    }
    if (results_.payload.size() + out_.size() >= kBundleBytes || now_ns() - last_flush_ns_ >= kBundleNs)
      flush();
  }
  context_.log = nullptr;
  context_.left = nullptr;
  close_results();
}

/// With the card its context in this process is gone: the worker ends, and the agent decides what follows.
bool Worker::say_lost_card() {
  if (!context_.sought_card || !*context_.sought_card || (*context_.sought_card)->lost().empty())
    return false;
  say(CardLost{(*context_.sought_card)->uuid(), (*context_.sought_card)->lost()});
  ending_ = true;
  return true;
}

Result<void> Worker::run_task(TaskKernel& kernel, const StepDocument& document, TaskIndex task) {
  const std::size_t before = results_.payload.size();
  try {
    const Result<void> ran = kernel.run(task, results_.payload);
    if (!ran) return ran;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kExhausted, "out of memory", "give its step --mem"};
  }
  const std::uint64_t size = results_.payload.size() - before;
  if (size > std::min(document.max_result_bytes, kResultBytes))
    return Error{ErrorCode::kInvalid,
                 "the result has " + std::to_string(size) + " bytes where its step allows " +
                     std::to_string(std::min(document.max_result_bytes, kResultBytes)),
                 ""};
  return {};
}

void Worker::handle(const RunLeaves& work) {
  if (progress_) {
    progress_->tasks_begun.store(1, std::memory_order_relaxed);
    progress_->batch.store(work.batch, std::memory_order_release);
  }
  context_.batch = work.batch;
  Bound& bound = bind(work.step);
  LeafHashes answer{work.batch, {}, ""};
  if (!bound.kernel) {
    answer.why = sentence(bound.kernel.error());
  } else {
    auto hashes = bound.kernel.value()->leaves(work.task, work.leaves);
    if (hashes) {
      answer.hashes = std::move(hashes).value();
    } else {
      answer.why = sentence(hashes.error());
    }
  }
  say(answer);
}

void Worker::handle(const RunComparison& work) {
  context_.batch = work.batch;
  rest();  // a slot has one sandbox at a time
  if (progress_) {
    progress_->tasks_begun.store(1, std::memory_order_relaxed);
    progress_->batch.store(work.batch, std::memory_order_release);
  }
  say(compare_in_sandbox(work, context_));
}

}  // namespace reeve::agent::worker
