#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/archive.h"
#include "protocol/jobs.h"
#include "protocol/messages.h"
#include "scheduler/core/ledger.h"
#include "scheduler/core/policy.h"

/// Decided facts, past tense. They are journaled; apply_event() alone turns them into state.
/// A field is only ever added at the end of the variant's newest alternative, never removed: old journals
/// replay.
namespace reeve::core {

/// The command that an event answers, so that a repeated request id is answered and does nothing twice.
struct CommandRef {
  PartyId party;  // 0: no command
  std::uint64_t session = 0;
  std::uint64_t counter = 0;
  std::uint64_t result = 0;  // the job or nothing
  Time at;                   // its session is remembered from here on
};

struct RegionCreated {
  std::string name;
  Policy policy;
  PublicKey operator_identity;
  TransportKey operator_transport;
  Time at;
};
struct Booted {
  std::uint64_t epoch = 0;
  Time at;
};
struct PolicyChanged {
  Policy policy;
};

struct TokenIssued {
  std::string id;
  Digest secret_digest;
  Role role = Role::kRequester;
  PartyId owner;  // of the agents it enrols
  std::uint32_t uses = 1;
  Time expires;
  MicroCredits credits = 0;
  Signature delegation;
  CommandRef command;
};
struct PartyEnrolled {
  PartyId party;
  Role role = Role::kRequester;
  PublicKey identity;
  TransportKey transport;
  std::uint64_t sequence = 0;
  std::string name;
  std::string token_id;
  Chain chain;  // its starting credits
  Time at;
};
struct AgentEnrolled {
  AgentId agent;
  PartyId owner;
  Role role = Role::kAgent;
  PublicKey identity;
  TransportKey transport;
  std::uint64_t sequence = 0;
  std::string name;
  std::string token_id;
  Time at;
};
struct Revoked {
  std::string token_id;
  PartyId party;
  AgentId agent;
  CommandRef command;
};
struct AgentPauseSet {
  AgentId agent;
  bool paused = false;
  CommandRef command;
};
struct Funded {
  PartyId party;
  Chain chain;
  CommandRef command;
};

struct JobAccepted {
  JobId job;
  PartyId requester;
  JobSpec spec;
  std::vector<MicroCredits> task_price;  // of each step, for one accepted attempt
  Time at;
  CommandRef command;
};
struct StepOpened {
  StepRef step;
};
/// Holds the worst case of the next window of tasks.
struct EscrowHeld {
  JobId job;
  Chain chain;
};
struct JobPaused {
  JobId job;
  std::string reason;
  bool out_of_funds = false;
  CommandRef command;
};
struct JobResumed {
  JobId job;
  CommandRef command;
};
struct JobPrioritySet {
  JobId job;
  std::int32_t priority = 0;
  CommandRef command;
};
struct JobRetried {
  JobId job;
  CommandRef command;
};
struct JobEnded {
  JobId job;
  msg::JobState state = msg::JobState::kSucceeded;
  std::string reason;
  Chain chain;  // refunds what escrow still holds
  Time at;
  CommandRef command;
};
/// Everything of an ended job has vested: the state forgets it, the view keeps it.
struct JobForgotten {
  JobId job;
};

/// One section of a report, as it was signed, and which of its tasks now want a second owner.
struct ResultsRecorded {
  AttemptId attempt;
  AgentId agent;
  PartyId owner;
  StepRef step;
  TaskRange tasks;
  std::uint32_t replica = 0;
  std::vector<std::uint64_t> sizes;
  Bytes payload;              // inline results, one after another; or
  std::vector<Digest> roots;  // the roots of results that stay with the agent
  Signature signature;
  std::uint32_t section = 0;  // place among the report's sections, and the Merkle path to what was signed
  std::uint32_t sections = 1;
  std::vector<Digest> path;
  std::vector<TaskRange> kept;  // tasks that await another attempt, a verdict or a store ...
  std::vector<Digest> kept_roots;
  std::vector<std::uint32_t> kept_needed;  // ... and the attempts of distinct owners that each range needs
  Time started;
  Time at;
};
struct AttemptFailed {
  AttemptId attempt;
  AgentId agent;
  PartyId owner;
  StepRef step;
  TaskRange tasks;
  msg::FailureReason reason = msg::FailureReason::kCrashed;
  std::string message;
  Time at;
};
/// No further attempt will be made.
struct TasksFailed {
  StepRef step;
  TaskRange tasks;
  std::string why;
};
struct TasksVerified {
  StepRef step;
  std::vector<TaskRange> tasks;
  std::uint32_t agreeing = 1;  // owners whose roots agree
};
/// A verdict on a result that must still be fetched: pay is reserved, the agent is asked to upload.
struct StoreReserved {
  StepRef step;
  TaskIndex task = 0;
  Digest root;
  Chain chain;  // one pending transfer to the owner and one to the fee account, for each agreeing attempt
};
struct ResultStored {
  StepRef step;
  TaskIndex task = 0;
  AttemptId attempt;
  Digest root;
  Digest blob;
  std::uint64_t size_bytes = 0;
  Time at;
};
/// The agreed result could not be had from anybody: reservations are void, new attempts are made.
struct StoreAbandoned {
  StepRef step;
  TaskIndex task = 0;
  Chain chain;
  std::vector<PartyId> at_fault;  // owners who were asked for the bytes in vain
};

struct TaskDisputed {
  StepRef step;
  TaskIndex task = 0;
  AttemptId a;
  AttemptId b;
  Time at;
};
/// The first leaf at which two openings differ. A zero hash: that result has no such leaf.
struct LeafChosen {
  StepRef step;
  TaskIndex task = 0;
  std::uint32_t leaf = 0;
  Digest hash_a;
  Digest hash_b;
  std::vector<Digest> path_a;
  std::vector<Digest> path_b;
};
struct DisputeDecided {
  StepRef step;
  TaskIndex task = 0;
  std::uint32_t leaf = 0;
  Digest referee_hash;
  AgentId referee;
  AttemptId referee_attempt;
  Signature referee_signature;
  std::vector<AttemptId> wrong;
  Time at;
};
enum class RejectReason : std::uint8_t { kWithheld, kBadOpening, kUploadFailed, kConvicted, kOutvoted };
/// An attempt's result is out, unpaid, without being disproved.
struct AttemptRejected {
  StepRef step;
  TaskIndex task = 0;
  AttemptId attempt;
  PartyId owner;
  RejectReason reason = RejectReason::kWithheld;
  bool fault = false;  // counts against the owner
};

/// Pays one owner for tasks of one attempt: escrow to held, and the operator's fee.
struct Settled {
  AttemptId attempt;
  AgentId agent;
  PartyId owner;
  StepRef step;
  std::uint32_t slot = 0;  // replica slot; each (task, slot) is settled once
  std::vector<TaskRange> tasks;
  std::uint32_t checked = 0;  // how many of them another owner or the referee confirmed
  MicroCredits price = 0;     // of a task
  MicroCredits fee = 0;       // of a task
  Chain chain;
  Time at;
};
/// The oldest `entries` of an owner's unvested settlements can no longer be recalled.
struct Vested {
  PartyId owner;
  std::uint32_t entries = 0;
  Chain chain;
  Time at;
};
/// Everything of the owner that had not vested is taken back; what nobody else confirmed is computed again.
struct OwnerConvicted {
  PartyId owner;
  StepRef step;
  TaskIndex task = 0;
  MicroCredits slashed = 0;
  MicroCredits clawed_back = 0;
  Chain chain;
  Time at;
};
/// A job's tasks lost their only result to a conviction and are computed again, at the insurance's cost.
struct JobReopened {
  JobId job;
  Chain chain;
};
struct SessionsExpired {
  Time before;
};

/// A result whose group is not known goes to a referee, beside the first result of a group.
struct ComparisonOpened {
  StepRef step;
  TaskIndex task = 0;
  AttemptId a;  // stands for its group
  AttemptId b;
  Time at;
};
/// A result came that a referee is to see: it is kept while the task is open.
struct CandidateStored {
  StepRef step;
  TaskIndex task = 0;
  AttemptId attempt;
  Digest root;
  Digest blob;
  std::uint64_t size_bytes = 0;
  Time at;
};
/// The referee's word: alike, `b` joins the group of `a`; else it is not compared with that group again.
struct ComparisonDecided {
  StepRef step;
  TaskIndex task = 0;
  AttemptId a;
  AttemptId b;
  msg::ComparisonVerdict verdict = msg::ComparisonVerdict::kUndecidable;
  std::string why;
  AgentId referee;
  AttemptId referee_attempt;
  Signature signature;
  std::uint32_t needed = 0;  // attempts that the task wants in all from here on
  Time at;
};
/// An agent says another bit class (Capability::bit_class) than before. It counts for its recorded results
/// too.
struct BitClassSeen {
  AgentId agent;
  std::string bit_class;
};

/// The region has what an attempt left for the next one; or, without a blob, what it had is of no use.
struct CheckpointStored {
  StepRef step;
  TaskIndex task = 0;
  PartyId owner;  // whose attempts may go on from it; 0: anybody's
  AttemptId attempt;
  Digest blob;
  std::uint64_t size_bytes = 0;
  Time at;
};
/// Results and logs of an ended job are to be deleted.
struct JobPurged {
  JobId job;
  CommandRef command;
};

using Event = std::variant<RegionCreated, Booted, PolicyChanged, TokenIssued, PartyEnrolled, AgentEnrolled,
                           Revoked, AgentPauseSet, Funded, JobAccepted, StepOpened, EscrowHeld, JobPaused,
                           JobResumed, JobPrioritySet, JobRetried, JobEnded, JobForgotten, ResultsRecorded,
                           AttemptFailed, TasksFailed, TasksVerified, StoreReserved, ResultStored,
                           StoreAbandoned, TaskDisputed, LeafChosen, DisputeDecided, AttemptRejected, Settled,
                           Vested, OwnerConvicted, JobReopened, SessionsExpired, ComparisonOpened,
                           CandidateStored, ComparisonDecided, BitClassSeen, CheckpointStored, JobPurged>;

/// snake_case name of an event's kind, for logs and the view.
const char* event_name(const Event& event);

/// One event as it stands in the journal. Equal events give equal bytes.
Bytes encode_event(const Event& event);
/// False when the bytes are no event of this version or an earlier one.
bool decode_event(Reader& reader, Event& event);

}  // namespace reeve::core
