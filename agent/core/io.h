#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/messages.h"

/// What the agent's core sees (Input) and what it wants done (Effect).
namespace reeve::agent {

using SlotIndex = std::uint32_t;
using BatchId = std::uint64_t;
/// A step as the tasks of one assignment run it.
struct StepWork : msg::StepInfo {
  std::uint32_t memory_mib = 0;  // of each task; 0: what its slot has
  Digest checkpoint{};           // from which its one task goes on; one of the inputs. Zeros: from the start
  std::vector<Digest> passed{};  // results that its tasks go on from, in order; they are inputs too
};
using StepPtr = std::shared_ptr<const StepWork>;

/// Results that the region has not released yet, as they are stored: a kill -9 loses none that is on disk.
struct SpooledSection {
  msg::ReportSection section;
  TaskRange lease_tasks;  // of the whole attempt: what its ticket covers
  std::uint32_t replica = 0;
  std::uint32_t leaf_bytes = 0;
  bool acked = false;
};

// ---- inputs: what was seen ----

/// Once, first: what the spool held.
struct Started {
  std::vector<SpooledSection> recovered;
};
struct ConnectionUp {
  msg::Welcome welcome;
};
/// `final`: no retry can mend it (revoked, wrong key).
struct ConnectionLost {
  Error why;
  bool final = false;
};
struct Received {
  msg::Message message;
};
struct InputReady {
  Digest digest;
};
struct InputFailed {
  Digest digest;
  std::string why;
};
/// The slot's worker waits for work.
struct SlotUp {
  SlotIndex slot = 0;
};
/// The slot's worker ended; what it had in hand and did not finish is to run again.
struct SlotDown {
  SlotIndex slot = 0;
  std::string why;
};
using Results = std::variant<msg::InlineResults, msg::RootedResults>;
/// Results of consecutive tasks of a batch, in its order. Those with roots are in the spool already.
struct TasksFinished {
  SlotIndex slot = 0;
  BatchId batch = 0;
  AttemptId attempt;
  TaskRange tasks;
  Results results;
  Duration spent;
};
struct TaskFailed {
  SlotIndex slot = 0;
  BatchId batch = 0;
  AttemptId attempt;
  TaskIndex task = 0;
  msg::FailureReason reason = msg::FailureReason::kCrashed;
  std::string message;
};
/// A task in hand has left a checkpoint: a bundle in a file, which is the core's from here on.
struct CheckpointLeft {
  SlotIndex slot = 0;
  AttemptId attempt;
  TaskIndex task = 0;
  std::string file;
  Digest root;  // of the bundle as one leaf
  std::uint64_t size_bytes = 0;
};
/// The region has a task's checkpoint, or it was given up.
struct CheckpointUploaded {
  AttemptId attempt;
  TaskIndex task = 0;
};
/// `hashes` empty: the recomputation failed.
struct LeavesFinished {
  SlotIndex slot = 0;
  BatchId batch = 0;
  AttemptId attempt;
  std::vector<Digest> hashes;
};
/// Without a verdict: this machine could not run the comparator, and says nothing about the results.
struct ComparisonFinished {
  SlotIndex slot = 0;
  BatchId batch = 0;
  AttemptId attempt;
  std::optional<msg::ComparisonVerdict> verdict;
  std::string why;
};
struct PauseRequested {
  std::optional<Duration> length;  // absent: until resumed
};
struct ResumeRequested {};
struct StopRequested {};
struct Tick {};

using Input =
    std::variant<Started, ConnectionUp, ConnectionLost, Received, InputReady, InputFailed, SlotUp, SlotDown,
                 TasksFinished, TaskFailed, LeavesFinished, PauseRequested, ResumeRequested, StopRequested,
                 Tick, ComparisonFinished, CheckpointLeft, CheckpointUploaded>;

// ---- effects: what the shell is to do ----

struct Connect {};
struct Disconnect {};
struct Send {
  msg::Message message;
};
/// Signs, then sends.
struct SendReport {
  msg::Report report;                     // without its signature
  std::vector<std::uint32_t> leaf_bytes;  // of each section: what its roots hang on
};
/// Answered by InputReady or InputFailed. The file stays until ReleaseInput.
struct FetchInput {
  Digest digest;
};
struct ReleaseInput {
  Digest digest;
};
struct BatchItem {
  AttemptId attempt;
  StepPtr step;
  TaskRange tasks;
  std::shared_ptr<const msg::GangSeat> gang{};  // null: the task runs on this slot alone
};
/// Hands tasks to a slot's worker, to be run in this order.
struct RunBatch {
  SlotIndex slot = 0;
  BatchId batch = 0;
  std::vector<BatchItem> items;
};
struct RunLeaves {
  SlotIndex slot = 0;
  BatchId batch = 0;
  StepPtr step;
  msg::LeafAssignment work;
};
/// Has two results compared, within `time`.
struct RunComparison {
  SlotIndex slot = 0;
  BatchId batch = 0;
  StepPtr step;  // where its comparator is a program of the requester's; else null
  msg::ComparisonAssignment work;
  Duration time;
};
/// The batch ends as its actions say, and with it the worker; where it does not, the worker is killed.
struct CancelBatch {
  SlotIndex slot = 0;
  BatchId batch = 0;
  std::optional<Duration> within;  // all that its actions have for their ends; absent: what they ask for
};
/// Writes to the spool; durable before the next effect.
struct Persist {
  SpooledSection record;
};
struct MarkAcked {
  AttemptId attempt;
  TaskRange tasks;
};
/// Drops from the spool.
struct Forget {
  AttemptId attempt;
  TaskRange tasks;
};
/// Sends the leaf hashes of a result in the spool, or of `payload`.
struct AnswerOpening {
  msg::OpeningRequest request;
  std::uint32_t leaf_bytes = 0;
  std::optional<Bytes> payload;
};
struct Upload {
  msg::UploadRequest request;
  std::string file{};  // empty: the spool knows
};
struct DropFile {
  std::string file;
};
enum class Severity : std::uint8_t { kInfo, kWarning, kError };
struct Log {
  Severity severity = Severity::kInfo;
  std::string text;
};
/// The agent's work is over.
struct Exit {
  std::optional<Error> why;  // absent: it was asked to stop
};

using Effect = std::variant<Connect, Disconnect, Send, SendReport, FetchInput, ReleaseInput, RunBatch,
                            RunLeaves, CancelBatch, Persist, MarkAcked, Forget, AnswerOpening, Upload, Log,
                            Exit, RunComparison, DropFile>;
using Effects = std::vector<Effect>;

}  // namespace reeve::agent
