#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/backoff.h"
#include "agent/core/io.h"
#include "agent/core/outbox.h"
#include "agent/core/pace.h"
#include "agent/core/task_queue.h"

namespace reeve::agent {

struct AgentOptions {
  std::string name;
  std::uint32_t slots = 1;
  Capability capability;
  std::uint64_t seed = 0;                   // of the jitter
  std::uint64_t spool_bytes = 16ULL << 30;  // results kept for the region; beyond them no more work is taken
  Pacing pacing;
  bool compares = false;        // it can run comparators; it says so where its role is to
  std::string farm{};           // whose agents reach each other; empty: it is in no gang
  std::string gang_endpoint{};  // where they reach this one
};

/// What people ask an agent.
struct AgentStatus {
  bool connected = false;
  std::string region;
  AgentId agent;
  Role role = Role::kStranger;
  Time last_heard;
  std::string last_error;  // of the connection
  bool paused = false;
  std::optional<Time> paused_until;
  bool stopping = false;
  std::uint32_t slots = 0;
  std::uint32_t slots_up = 0;
  std::uint32_t slots_busy = 0;
  std::uint64_t tasks_in_hand = 0;
  std::uint64_t tasks_finished = 0;
  std::uint64_t tasks_failed = 0;
  std::uint64_t tasks_unacked = 0;
  std::uint64_t tasks_recorded = 0;
  std::uint64_t tasks_accepted = 0;
  std::uint64_t tasks_rejected = 0;
  MicroCredits accepted = 0;
  std::uint64_t spooled_bytes = 0;
  Duration task_time;    // of recent tasks
  std::string why_idle;  // empty while a task runs
};

/// An agent as a pure state machine: leases, prefetch, hand-offs, reports, reconnection. No I/O, no clock, no
/// threads.
class AgentCore {
 public:
  explicit AgentCore(AgentOptions options);

  /// The only door in.
  Effects step(Time now, Input input);
  /// The soonest time at which a Tick would do something.
  Time next_deadline() const;
  AgentStatus status() const;

 private:
  enum class Link : std::uint8_t { kDown, kConnecting, kUp, kOver };
  /// A task's newest checkpoint on its way to the region.
  struct Checkpoint {
    std::string file;  // empty: none
    Digest root;
    std::uint64_t size_bytes = 0;
  };
  struct Checkpoints {
    Checkpoint offered;  // or being uploaded
    bool uploading = false;
    Checkpoint next;  // came meanwhile
  };
  /// The right to run a range of tasks. Over when every task is acknowledged, handed back or cancelled.
  struct Lease {
    msg::Assignment assignment;
    StepPtr step;
    std::uint32_t unfinished = 0;
    std::uint32_t open = 0;            // neither acknowledged nor cancelled
    std::vector<TaskRange> cancelled;  // while a worker had them
    Time valid_until;
    std::map<TaskIndex, Checkpoints> checkpoints;
  };
  struct LeafLease {
    msg::LeafAssignment work;
    StepPtr step;
    bool handed = false;
  };
  struct ComparisonLease {
    msg::ComparisonAssignment work;
    StepPtr step;  // with an own comparator of the requester's
    Time deadline;
    bool fetched = false;  // its results were asked for
    bool handed = false;   // to a worker
  };
  struct Batch {
    BatchId id = 0;
    std::deque<BatchItem> items;  // what is left of them
    AttemptId leaves;             // a recomputation instead
    AttemptId comparison;         // or a comparison
    bool gang = false;            // a seat: nothing else waits behind it
  };
  struct Slot {
    bool up = false;
    std::deque<Batch> batches;
  };
  struct NeededInput {
    bool ready = false;
    std::uint32_t users = 0;
  };

  void on(const Started& in);
  void on(const ConnectionUp& in);
  void on(const ConnectionLost& in);
  void on(const Received& in);
  void on(const InputReady& in);
  void on(const InputFailed& in);
  void on(const SlotUp& in);
  void on(const SlotDown& in);
  void on(const TasksFinished& in);
  void on(const TaskFailed& in);
  void on(const LeavesFinished& in);
  void on(const ComparisonFinished& in);
  void on(const PauseRequested& in);
  void on(const ResumeRequested& in);
  void on(const StopRequested& in);
  void on(const Tick& in);
  void on(const CheckpointLeft& in);
  void on(const CheckpointUploaded& in);

  void receive(const msg::Assign& message);
  void receive(const msg::ReportAck& message);
  void receive(const msg::CancelAttempts& message);
  void receive(const msg::OpeningRequest& message);
  void receive(const msg::UploadRequest& message);
  void receive(const msg::Verdicts& message);
  void receive(const msg::Goodbye& message);

  // connection.cpp
  void lose(const Error& why);
  void end(std::optional<Error> why);
  void greet();
  void send_heartbeat();
  void grant_credit();
  std::uint64_t wanted_tasks() const;
  void look_at_time();
  void drop_expired();
  void settle_down();
  void adopt(const std::vector<SpooledSection>& recovered);

  // assignments.cpp
  void accept(const msg::Assignment& assignment, const StepPtr& of_all);
  void accept_leaves(const msg::LeafAssignment& work, const StepPtr& of_all);
  void cancel(AttemptId attempt, TaskRange tasks);
  void cancel_leaves(AttemptId attempt);
  bool inputs_ready(const std::vector<Digest>& inputs) const;
  void use_inputs(const std::vector<Digest>& inputs);
  void release_inputs(const std::vector<Digest>& inputs);
  void hand_back(std::vector<BatchItem> items, msg::FailureReason reason, const std::string& why);
  void hand_back_everything(const std::string& why);
  void retire(Lease& lease, std::uint32_t tasks);
  void close(Lease& lease, std::uint32_t tasks);

  // comparisons.cpp
  void accept_comparison(const msg::ComparisonAssignment& work, const StepPtr& step);
  void advance_comparisons();
  void end_comparison(AttemptId attempt);
  void cancel_comparison(AttemptId attempt);
  void lose_input_of_comparisons(const Digest& digest);
  bool give_comparison(SlotIndex index, Slot& slot);
  Time soonest_comparison() const;

  // checkpoints.cpp
  bool in_hand(SlotIndex slot, AttemptId attempt, TaskIndex task) const;
  void offer(const Lease& lease, TaskIndex task);
  void offer_checkpoints();
  void upload_checkpoint(const msg::UploadRequest& request);
  /// Of tasks that are over.
  void drop_checkpoints(Lease& lease, TaskRange tasks);
  void drop(Checkpoint& checkpoint);

  // gangs.cpp
  void seat_gangs();
  bool leave_gang(AttemptId attempt);
  std::vector<BatchItem> drain_gangs(const Digest* input);
  void put_first(BatchItem item);

  // running.cpp
  void place();
  bool give(SlotIndex index, Slot& slot);
  Batch* find_batch(SlotIndex slot, BatchId batch);
  bool advance(SlotIndex slot, BatchId batch, AttemptId attempt, TaskRange tasks);
  bool strike(SlotIndex slot, BatchId batch, AttemptId attempt, TaskRange task);
  void end_batch(SlotIndex slot, BatchId batch);
  void finish(Lease& lease, TaskRange tasks, const msg::ReportSection& section);
  void report(Lease& lease, TaskRange tasks, decltype(msg::ReportSection::outcome) outcome);
  void flush();
  bool idle() const;
  std::uint32_t slots_up() const;

  void log(Severity severity, std::string text) { effects_.push_back(Log{severity, std::move(text)}); }
  std::string why_idle() const;

  const AgentOptions options_;
  Time now_;
  Effects effects_;

  Link link_ = Link::kDown;
  Time link_deadline_;  // down: when to connect; connecting: when to give up
  Backoff backoff_;
  msg::Welcome welcome_;
  Time last_heard_;
  Time next_heartbeat_;
  Time next_expiry_;
  std::string last_error_;

  bool started_ = false;
  bool stopping_ = false;
  Time stop_deadline_;
  bool paused_ = false;
  std::optional<Time> paused_until_;

  Pace pace_;
  std::uint64_t granted_ = 0;   // since this connection's hello
  std::uint64_t received_ = 0;  // since then
  std::uint64_t in_hand_ = 0;   // unfinished tasks of all leases

  std::map<AttemptId, Lease> leases_;
  std::map<AttemptId, LeafLease> leaf_leases_;
  std::deque<AttemptId> leaf_queue_;
  std::map<AttemptId, ComparisonLease> comparisons_;
  std::deque<AttemptId> comparison_queue_;  // those that no worker has
  std::map<Digest, NeededInput> inputs_;
  TaskQueue queue_;
  std::deque<AttemptId> gang_queue_;  // seats that no slot has yet
  Outbox outbox_;
  std::vector<Slot> slots_;
  BatchId next_batch_ = 1;

  AgentStatus totals_;  // the counters of it
};

}  // namespace reeve::agent
