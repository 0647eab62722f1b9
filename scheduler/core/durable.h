#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "protocol/archive.h"
#include "protocol/jobs.h"
#include "protocol/roles.h"
#include "scheduler/core/events.h"
#include "scheduler/core/interval_set.h"
#include "scheduler/core/ledger.h"
#include "scheduler/core/policy.h"

/// What survives a crash. Changed by apply_event() alone.
namespace reeve::core {

struct Token {
  Digest secret_digest;
  Role role = Role::kRequester;
  PartyId owner;
  std::uint32_t uses_left = 0;
  Time expires;
  MicroCredits credits = 0;
  Signature delegation;
};

struct Party {
  Role role = Role::kRequester;
  PublicKey identity;
  TransportKey transport;
  std::uint64_t sequence = 0;
  std::string name;
  bool revoked = false;
};

struct AgentRecord {
  PartyId owner;
  Role role = Role::kAgent;
  PublicKey identity;
  TransportKey transport;
  std::uint64_t sequence = 0;
  std::string name;
  bool revoked = false;
  bool paused = false;
};

/// Who speaks with a transport key.
struct Peer {
  Role role = Role::kStranger;
  PartyId party;
  AgentId agent;
};

/// A settlement that a conviction could still recall.
struct Unvested {
  StepRef step;
  AttemptId attempt;
  AgentId agent;
  std::uint32_t slot = 0;
  std::vector<TaskRange> tasks;
  std::uint32_t count = 0;
  MicroCredits price = 0;
  MicroCredits fee = 0;
  std::uint64_t accepted_before = 0;  // the owner's accepted tasks when this one was settled, itself included
  Time at;
};

/// What was checked of an owner, and what was found. Evidence, not a score.
struct OwnerRecord {
  std::uint64_t accepted = 0;  // tasks settled, ever
  std::uint32_t validated =
      0;  // tasks confirmed by another owner since the last strike; probation ends at policy.probation_tasks
  std::uint32_t strikes = 0;  // results disproved by a referee
  std::uint32_t faults = 0;   // withheld openings and uploads
  bool convicted = false;
  std::deque<Unvested> unvested;
};

/// One recorded result of a task that is not settled yet.
struct Recorded {
  AttemptId attempt;
  AgentId agent;
  PartyId owner;
  Digest root;
  std::uint64_t size_bytes = 0;
  bool is_inline = false;
  AttemptId group{};  // groups.h: the attempt that founded its group; 0: not known yet
  Digest blob{};      // the bytes, once they were uploaded to be compared; zeros: they were not
};

// One variant for the life of a task between its first record and its settlement.
struct Collecting {};
struct Disputed {
  AttemptId a;
  AttemptId b;
  std::optional<std::uint32_t> leaf;
  Digest hash_a;
  Digest hash_b;
};
struct Storing {
  Digest root;
  std::vector<TransferId> reserved;  // for each agreeing attempt: its pay, its fee (0: none)
};
/// A referee says whether the result of `b` is like that of `a`, which stands for its group.
struct Comparing {
  AttemptId a;
  AttemptId b;
};
using OpenPhase = std::variant<Collecting, Disputed, Storing, Comparing>;

/// What an attempt left of its work, for the next one.
struct Checkpoint {
  AttemptId attempt;
  Digest blob;
  std::uint64_t size_bytes = 0;
};

/// A result that tasks to come go on from.
struct Passed {
  Digest blob;
  std::uint64_t size_bytes = 0;
};

/// A task with recorded results or charged failures. All others are bits of an IntervalSet.
struct OpenTask {
  std::vector<Recorded> attempts;
  std::uint32_t needed = 1;
  std::uint32_t failures = 0;
  std::vector<PartyId> failed_owners;
  OpenPhase phase;
  /// (attempt, group): compared, and not alike or not decidable; never asked again.
  std::set<std::pair<AttemptId, AttemptId>> unlike;
  std::uint32_t memory_mib = 0;  // of its next attempt, after it ran out of less; 0: as its step says

  /// Nothing sets it apart from a task that nobody has tried.
  bool is_fresh() const {
    return attempts.empty() && failed_owners.empty() && needed == 1 && memory_mib == 0;
  }
};

struct StepState {
  StepSpec spec;
  MicroCredits task_price = 0;
  bool opened = false;
  IntervalSet done;                // accepted and stored
  IntervalSet failed;              // no further attempt
  std::vector<IntervalSet> slots;  // settled, by replica slot
  std::map<TaskIndex, OpenTask> open;
  /// The newest of each task and owner that may go on from it (0: anybody).
  std::map<std::pair<TaskIndex, PartyId>, Checkpoint> checkpoints;
  /// Of a step that iterates: results that other tasks of it still go on from. A window: at most
  /// (staleness + 2) · (shards + 1), however many generations there are.
  std::map<TaskIndex, Passed> passed;

  bool complete() const { return done.size() + failed.size() == spec.task_count; }
};

struct Job {
  PartyId requester;
  std::string name;
  std::int32_t priority = 0;
  VerifyPolicy verify;
  std::uint32_t max_retries = 3;
  MicroCredits max_price = 0;
  std::vector<JobId> after;
  std::vector<StepState> steps;
  msg::JobState state = msg::JobState::kQueued;
  std::string reason;
  bool out_of_funds = false;
  std::uint64_t unvested = 0;  // settled (task, slot) pairs that have not vested
  std::uint64_t reopened = 0;  // tasks computed again after a conviction
  MicroCredits spent = 0;
  Time submitted;
  Time ended;

  bool live() const {
    return state == msg::JobState::kQueued || state == msg::JobState::kRunning ||
           state == msg::JobState::kPaused;
  }
};

/// Replies to a client session's commands: counters and results that rise together are one run.
struct Session {
  struct Run {
    std::uint64_t counter = 0;
    std::uint64_t result = 0;
    std::uint64_t count = 0;
  };
  std::vector<Run> runs;
  Time last;
};

struct Durable {
  std::string name;
  Policy policy;
  std::uint64_t boot_epoch = 0;
  Time latest;  // of the newest event that carries a time
  std::uint64_t events = 0;
  std::uint64_t next_party = 1;
  std::uint64_t next_agent = 1;
  std::uint64_t next_job = 1;
  std::map<std::string, Token> tokens;
  std::map<PartyId, Party> parties;
  std::map<AgentId, AgentRecord> agents;
  std::map<TransportKey, Peer> peers;
  std::map<PartyId, OwnerRecord> owners;
  Ledger ledger;
  std::map<JobId, Job> jobs;
  std::set<JobId> ended_badly;  // forgotten jobs that did not succeed, for jobs that wait on them
  std::map<std::pair<PartyId, std::uint64_t>, Session> sessions;
  std::uint64_t settled_tasks = 0;
  std::map<AgentId, std::string> bit_classes;  // of agents that said one (Capability::bit_class)
  std::map<JobId, MicroCredits> lent;  // by the insurance to escrows of reopened jobs, until these end

  const Job* find_job(JobId id) const;
  Job* find_job(JobId id);
  const StepState* find_step(StepRef ref) const;
  StepState* find_step(StepRef ref);
};

/// The only code that changes durable state. An event that does not fit the state is a broken invariant.
void apply_event(Durable& state, const Event& event);

/// As apply_event(), for events that somebody may have changed: the rule that the event breaks, or "". After
/// a misfit the state is of no use.
std::string try_apply_event(Durable& state, const Event& event);

/// What the session's command gave, if it was seen before.
std::optional<std::uint64_t> remembered(const Durable& state, PartyId party, std::uint64_t session,
                                        std::uint64_t counter);

/// Checks every invariant of the books and of the task sets against one another. Returns the broken one's
/// name, or "".
/// Ended jobs change only by vesting and convictions; `ended_jobs_too` looks at them all the same.
std::string broken_invariant(const Durable& state, bool ended_jobs_too = true);

/// The whole state as bytes, and back. Equal states give equal bytes, so their digest compares regions.
Bytes encode_state(const Durable& state);
bool decode_state(ByteView bytes, Durable& state);

}  // namespace reeve::core
