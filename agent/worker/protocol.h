#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/archive.h"
#include "protocol/jobs.h"
#include "protocol/messages.h"

namespace reeve::msg {

template <class A>
void fields(A& a, GangMember& m) {
  a(m.agent, m.endpoint);
}
template <class A>
void fields(A& a, GangSeat& s) {
  a(s.lead, s.rank, s.secret, s.members);
}

}  // namespace reeve::msg

/// What an agent and its worker processes say to each other over a socket pair: frames of a length (4 bytes,
/// little-endian) and one archived value. Both come from one build, so there are no versions.
namespace reeve::agent::worker {

/// The worker's end of the socket pair, and the page that shows where it is.
inline constexpr int kSocketFd = 3;
inline constexpr int kProgressFd = 4;

/// A frame: the largest result and some.
inline constexpr std::uint32_t kFrameBytes = 1U << 30;
/// A worker refuses to make a larger result.
inline constexpr std::uint64_t kResultBytes = kFrameBytes - 4096;
/// Small results travel together up to this size.
inline constexpr std::size_t kBundleBytes = 64U << 10;

/// Shared memory. The worker writes it before each task: after a crash the agent knows which task it was. The
/// agent writes in it what is to end: a worker reads its socket only between two batches.
struct Progress {
  std::atomic<std::uint64_t> batch;
  std::atomic<std::uint64_t> tasks_begun;  // of that batch
  /// How long the worker may take to end what it does, were it cancelled now.
  std::atomic<std::uint64_t> patience_ms;
  /// By the agent: the batch that is to end, and the time for it; what the worker has not begun of it is not
  /// begun, and the worker ends with it. 0: none.
  std::atomic<std::uint64_t> cancelled;
  std::atomic<std::uint64_t> within_ms;
};
/// Progress::cancelled where the agent itself ends.
inline constexpr std::uint64_t kEverything = ~std::uint64_t{0};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between processes");

/// A step as a worker needs it.
struct StepDocument {
  StepRef step;
  KernelVersion kernel;
  std::uint32_t leaf_bytes = 0;
  std::uint64_t max_result_bytes = 0;
  Bytes script;
  std::vector<std::pair<Digest, std::string>> inputs;  // and the files that hold them
  Duration time_limit;                                 // of each task; zero: none
  std::uint32_t memory_mib = 0;                        // likewise; 0: what the slot has
  std::uint64_t checkpoint_bytes = 0;                  // what a task may leave for its next attempt, at most
  std::string checkpoint{};                            // a file: what an earlier attempt left; empty: nothing
  Iteration iteration{};
  std::vector<std::string> passed{};  // files: results that its tasks go on from, in order
  bool operator==(const StepDocument&) const = default;
};

struct WorkItem {
  AttemptId attempt;
  std::uint32_t document = 0;  // position in RunTasks::steps
  TaskRange tasks;
  msg::GangSeat gang;  // without members: the task runs on this slot alone
};

// ---- to the worker ----

struct RunTasks {
  std::uint64_t batch = 0;
  std::vector<StepDocument> steps;
  std::vector<WorkItem> items;
};
struct RunLeaves {
  std::uint64_t batch = 0;
  StepDocument step;
  TaskIndex task = 0;
  std::vector<std::uint32_t> leaves;
};
/// Say whether two results are alike.
struct RunComparison {
  std::uint64_t batch = 0;
  std::string a;  // files that hold them
  std::string b;
  std::string compare;               // protocol/comparison.h
  Duration time;                     // of the comparator
  std::optional<StepDocument> step;  // its inputs hold the comparator, where that is the requester's
};
using ToWorker = std::variant<RunTasks, RunLeaves, RunComparison>;

// ---- from the worker ----

struct Ready {};
/// Results of consecutive tasks of one item.
struct TaskResults {
  std::uint64_t batch = 0;
  AttemptId attempt;
  TaskIndex first = 0;
  std::vector<std::uint32_t> sizes;
  Bytes payload;
  Duration spent;
};
struct TaskRefused {
  std::uint64_t batch = 0;
  AttemptId attempt;
  TaskIndex task = 0;
  msg::FailureReason reason = msg::FailureReason::kRefused;
  std::string why;
};
struct LeafHashes {
  std::uint64_t batch = 0;
  std::vector<Digest> hashes;
  std::string why;  // without hashes: why not
};
/// Without a verdict: the comparator could not be run.
struct Compared {
  std::uint64_t batch = 0;
  std::optional<msg::ComparisonVerdict> verdict;
  std::string why;
};
/// What a task's program wrote, before its results. Clean.
struct TaskText {
  std::uint64_t batch = 0;
  AttemptId attempt;
  TaskIndex task = 0;
  std::uint64_t offset = 0;
  std::string text;
};
/// The task in hand has left a checkpoint: a bundle in a file, which is the agent's from here on.
struct CheckpointLeft {
  std::uint64_t batch = 0;
  AttemptId attempt;
  TaskIndex task = 0;
  std::string file;
  Digest root;
  std::uint64_t size_bytes = 0;
};
/// A GPU of the slot failed, and the worker ends: after the refusal of the task that found it out.
struct CardLost {
  std::string uuid;
  std::string why;
};
using FromWorker =
    std::variant<Ready, TaskResults, TaskRefused, LeafHashes, Compared, TaskText, CheckpointLeft, CardLost>;

template <class A>
void fields(A& a, std::pair<Digest, std::string>& p) {
  a(p.first, p.second);
}
template <class A>
void fields(A& a, StepDocument& s) {
  a(s.step, s.kernel, s.leaf_bytes, s.max_result_bytes, s.script, s.inputs, s.time_limit, s.memory_mib,
    s.checkpoint_bytes, s.checkpoint, s.iteration.generations, s.iteration.shards, s.iteration.staleness,
    s.iteration.keep_every, s.passed);
}
template <class A>
void fields(A& a, WorkItem& w) {
  a(w.attempt, w.document, w.tasks, w.gang);
}
template <class A>
void fields(A& a, RunTasks& m) {
  a(m.batch, m.steps, m.items);
}
template <class A>
void fields(A& a, RunLeaves& m) {
  a(m.batch, m.step, m.task, m.leaves);
}
template <class A>
void fields(A&, Ready&) {}
template <class A>
void fields(A& a, TaskResults& m) {
  a(m.batch, m.attempt, m.first, m.sizes, m.payload, m.spent);
}
template <class A>
void fields(A& a, TaskRefused& m) {
  a(m.batch, m.attempt, m.task, m.reason, m.why);
}
template <class A>
void fields(A& a, LeafHashes& m) {
  a(m.batch, m.hashes, m.why);
}
template <class A>
void fields(A& a, RunComparison& m) {
  a(m.batch, m.a, m.b, m.compare, m.time, m.step);
}
template <class A>
void fields(A& a, Compared& m) {
  a(m.batch, m.verdict, m.why);
}
template <class A>
void fields(A& a, TaskText& m) {
  a(m.batch, m.attempt, m.task, m.offset, m.text);
}
template <class A>
void fields(A& a, CardLost& m) {
  a(m.uuid, m.why);
}
template <class A>
void fields(A& a, CheckpointLeft& m) {
  a(m.batch, m.attempt, m.task, m.file, m.root, m.size_bytes);
}

/// Appends one frame to `out`.
template <class Message>
void append_frame(Bytes& out, const Message& message) {
  const Bytes body = to_archive(message);
  const auto size = static_cast<std::uint32_t>(body.size());
  for (unsigned shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<std::uint8_t>(size >> shift));
  out.insert(out.end(), body.begin(), body.end());
}

/// Cuts frames out of a stream of bytes.
class FrameReader {
 public:
  void add(ByteView bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
  /// The next frame's body, valid until add() or compact(); empty if none is complete.
  ByteView next() {
    if (buffer_.size() - begin_ < 4) return {};
    std::uint32_t size = 0;
    for (unsigned i = 0; i < 4; ++i)
      size |= std::uint32_t{buffer_[begin_ + i]} << (8 * i);
    if (size > kFrameBytes || size == 0) broken_ = true;
    if (broken_ || buffer_.size() - begin_ - 4 < size) return {};
    const ByteView body(buffer_.data() + begin_ + 4, size);
    begin_ += 4 + std::size_t{size};
    return body;
  }
  /// Forgets what was read.
  void compact() {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  bool broken() const { return broken_; }

 private:
  Bytes buffer_;
  std::size_t begin_ = 0;
  bool broken_ = false;
};

}  // namespace reeve::agent::worker
