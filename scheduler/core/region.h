#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "protocol/prf.h"
#include "scheduler/core/core.h"

/// What the rooms of the core share: durable state, volatile state, the secret, and where events and effects
/// go.
namespace reeve::core {

using NeedId = std::uint32_t;

/// What an agent says that a task of its lease has left, until the region has it.
struct OfferedCheckpoint {
  Digest root;  // of the one that was asked for; zeros: none was
  Time next;    // sooner than that no other is asked for
};

/// The right of one agent to run tasks of one step until a deadline.
struct Lease {
  AgentId agent;
  PartyId owner;
  StepRef step;
  IntervalSet left;  // not reported yet
  std::uint32_t replica = 0;
  bool fresh = true;  // none of its tasks has an open record: escrow covers them by the lease
  std::uint32_t tasks = 0;
  Time sent;
  Time renewed;            // by a heartbeat, up to here
  Time deadline;           // the sooner of that and of the agent's stall
  AttemptId gang{};        // the lead's attempt; 0: the task runs on one slot
  std::uint32_t rank = 0;  // in it
  Digest goes_on_from{};   // the checkpoint that it was given
  std::map<TaskIndex, OfferedCheckpoint> offered{};

  /// A slot that works for another's task: nothing is left of it to report, but the slot is taken.
  bool is_seat() const { return gang.valid() && rank > 0; }
  /// What it counts for in its agent's hands.
  std::uint64_t weight() const { return is_seat() ? 1 : left.size(); }
};

/// The agents of one owner that reach each other.
using FarmKey = std::pair<PartyId, std::string>;

/// A farm that is given no other work until a gang finds its slots free.
struct FarmHold {
  StepRef step;
  Time until;
};

/// A referee's lease on one leaf.
struct LeafLease {
  AgentId agent;
  StepRef step;
  TaskIndex task = 0;
  std::uint32_t leaf = 0;
  Time deadline;
};

/// A referee's lease on one comparison.
struct ComparisonLease {
  AgentId agent;
  StepRef step;
  TaskIndex task = 0;
  Time granted;
};

/// An agent that is connected.
struct AgentSession {
  ConnectionId connection;
  PartyId owner;
  Role role = Role::kAgent;
  ClassId kind;
  Capability capability;
  std::uint32_t slots = 1;
  std::uint64_t granted = 0;      // credit, cumulative
  std::uint64_t sent = 0;         // tasks sent, cumulative
  std::uint64_t outstanding = 0;  // tasks leased and not reported
  std::set<AttemptId> leases;
  Time last_seen;
  Time last_report;
  bool paused = false;
  std::string farm;              // empty: it is in no gang
  std::string gang_endpoint;     // where members of its gangs reach it
  std::uint32_t gang_slots = 0;  // taken by gangs

  std::uint64_t credit() const { return granted > sent ? granted - sent : 0; }
};

/// The tasks of one open step that want an attempt.
struct StepQueue {
  IntervalSet fresh;                        // no result yet
  std::map<PartyId, IntervalSet> by_owner;  // one result, of this owner; wants another's
  std::set<TaskIndex> special;    // several owners excluded, or failures charged: looked at one by one
  TaskIndex special_cursor = 0;   // where the bounded walk over them goes on
  std::uint64_t leased = 0;       // tasks in leases of fresh tasks
  std::uint64_t with_agents = 0;  // tasks in leases
  NeedId need = 0;
  std::int64_t expected_ns = 0;  // of one task on one slot; 0: not known yet
  Time gang_waits;               // since when no farm has had the free slots; 0: it does not wait

  bool wants_copies() const { return !by_owner.empty() || !special.empty(); }
};

/// What is asked of agents about one task outside of leases.
struct DisputeWork {
  std::optional<std::vector<Digest>> opening_a;
  std::optional<std::vector<Digest>> opening_b;
  Time deadline;
  Time ask_again;
  AttemptId referee_attempt;  // 0: none runs
};
struct StoreWork {
  AttemptId asked;
  std::set<AttemptId> refused;
  std::set<AttemptId> passed_over;  // while their agents were gone; each once
  Time deadline;
  Time ask_again;
};

struct ComparisonWork {
  Time upload_deadline;  // of what is not here yet
  Time ask_again;
  AttemptId referee_attempt;  // 0: none runs
  Time referee_deadline;
};

using TaskKey = std::pair<StepRef, TaskIndex>;

struct Volatile {
  std::map<AgentId, AgentSession> agents;
  std::map<AgentId, AgentSession> departed;  // since the boot, as they were last heard; for people
  std::map<AgentId, AgentSession> silent;    // not heard for a while, without leases; back at their next word
  std::map<AttemptId, Lease> leases;
  std::set<std::pair<StepRef, AttemptId>> leases_of_step;  // each of `leases`
  std::map<AttemptId, std::vector<AttemptId>> gangs;       // by the lead's: its seats that have not ended
  std::map<FarmKey, std::set<AgentId>> farms;              // of the agents that are here
  std::map<FarmKey, FarmHold> holds;
  FarmKey last_gang_farm;  // turns go round among farms that serve equally well
  std::map<AttemptId, LeafLease> leaf_leases;
  std::map<AttemptId, ComparisonLease> comparison_leases;
  std::set<std::pair<Time, AttemptId>> deadlines;  // of every lease
  std::map<StepRef, StepQueue> queues;

  std::vector<TaskNeed> needs;
  std::map<std::vector<std::uint8_t>, NeedId>
      need_ids;  // by encoding; each size of gang is a need of its own
  std::map<Capability, ClassId> classes;
  std::vector<Capability> class_list;  // ClassId is the position + 1
  std::map<ClassId, std::set<AgentId>> members;
  std::vector<std::int64_t> need_expected_ns;

  /// Steps with fresh tasks: requester, need, (priority descending, step ascending).
  std::map<PartyId, std::map<NeedId, std::set<std::pair<std::int32_t, StepRef>>>> ready;
  std::set<StepRef> copies;               // steps that want second attempts
  StepRef copies_cursor;                  // where the bounded walk over `copies` goes on
  std::uint64_t crowd_cursor = 0;         // where the bounded walk over a crowd of agents goes on
  std::map<PartyId, std::uint64_t> used;  // virtual time of each requester: what dispatch gave, in price
  std::map<NeedId, AgentId> last_served;  // round robin among the agents that meet a need

  std::map<TaskKey, DisputeWork> disputes;
  std::map<TaskKey, StoreWork> stores;
  std::map<TaskKey, ComparisonWork> comparisons;
  std::map<TaskKey, std::uint32_t> lost;  // leases lost without a word, by task
  std::set<TaskKey> replaced;             // of iterating steps: taken from an agent that was late
  std::map<TaskKey, Time> cooling;        // when owners that failed a task may try again
  std::map<std::pair<JobId, AgentId>, std::uint32_t>
      failed_on;  // tasks in a row that an agent failed of a job
  std::map<JobId, std::vector<ConnectionId>> subscribers;
  std::set<JobId> changed;                    // jobs with subscribers that want news
  std::map<JobId, Bytes> inline_results;      // of jobs with one task, until their end is told
  std::set<std::pair<JobId, JobId>> waiting;  // (awaited, waiting)
  std::deque<JobId> woken;                    // their turn is next; `waking` while somebody sees to them
  bool waking = false;
  std::map<PartyId, std::uint64_t> open_jobs;    // of each requester: queued, running or paused
  std::set<std::pair<Time, JobId>> ended_badly;  // kept for a retry, forgotten after kKeepEnded
  std::set<PartyId> vest_due;                    // owners that had something accepted since the last Pump
  std::vector<JobId> final_jobs;                 // ended and vested: to be forgotten
  std::set<JobId> unfunded;                      // paused for want of funds
  std::uint64_t attempts = 0;                    // counter below the boot epoch
  Time kept_house;                               // when vesting by age and old sessions were last looked at
};

/// Uses of the region's PRF; two uses never share a domain.
enum class Draw : std::uint32_t { kReplicate = 1, kPairing = 2 };

struct Region {
  Durable durable;
  Volatile live;
  Prf prf;
  Time now;
  StepOutput* out = nullptr;

  Region(Durable state, const std::array<std::uint8_t, 32>& secret)
      : durable(std::move(state)), prf(secret) {}

  /// Journals a fact and makes it so.
  void emit(Event event) {
    apply_event(durable, event);
    out->events.push_back(std::move(event));
  }
  template <class E>
  void effect(E effect) {
    out->effects.emplace_back(std::move(effect));
  }
  AttemptId new_attempt() { return make_attempt_id(durable.boot_epoch, ++live.attempts); }
};

}  // namespace reeve::core
