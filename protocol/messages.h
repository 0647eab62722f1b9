#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "protocol/jobs.h"
#include "protocol/result.h"
#include "protocol/roles.h"
#include "protocol/units.h"

/// The control socket's messages as values. protocol/wire.h turns them into Cap'n Proto and back, with
/// limits.
namespace reeve::msg {

/// Names one command for ever: a repeated one is answered from memory and does nothing twice.
using RequestId = std::array<std::uint8_t, 16>;
/// Proof that the region itself made this lease: a MAC over (attempt, agent, step, tasks), checked after a
/// restart.
using Ticket = std::array<std::uint8_t, 16>;

// ---- everybody ----

struct Hello {
  std::uint32_t protocol_oldest = 0;
  std::uint32_t protocol_newest = 0;
  std::string software;
  bool operator==(const Hello&) const = default;
};

struct Welcome {
  std::uint32_t protocol = 0;
  std::string region;
  std::uint64_t boot_epoch = 0;
  std::uint32_t bulk_port = 0;
  Role role = Role::kStranger;
  PartyId party;
  AgentId agent;
  std::uint32_t log_bytes_per_s = 0;  // what the region takes of an agent's LogPieces; 0: none
  bool operator==(const Welcome&) const = default;
};

/// A stranger's first words: a token, and an identity that signs the transport key it speaks with.
struct Enrol {
  RequestId request{};
  std::string token;  // "id.secret"
  std::string name;
  PublicKey identity;
  std::uint64_t sequence = 0;
  Time not_after;
  Signature binding;  // keys.h, binding_digest()
  bool operator==(const Enrol&) const = default;
};

// ---- commands: each changes state at most once ----

struct SubmitJob {
  JobSpec spec;
  bool notify = false;      // push JobUpdates to this peer
  bool only_quote = false;  // say what it would cost (Accepted, of job 0), and do nothing
  bool operator==(const SubmitJob&) const = default;
};

/// kForget deletes what is kept of an ended job: results and logs.
enum class JobVerb : std::uint8_t { kCancel, kPause, kResume, kRetryFailed, kSetPriority, kForget };

struct JobCommand {
  JobId job;
  JobVerb verb = JobVerb::kCancel;
  std::int32_t priority = 0;
  std::string reason;
  bool operator==(const JobCommand&) const = default;
};

/// The operator invites parties and referees; an owner invites agents (with a delegation that he signed).
struct CreateToken {
  Role role = Role::kRequester;
  std::string token_id;  // chosen by the caller: [a-z0-9]{6}
  Digest secret_digest;  // SHA-256 of the 16-character secret, which never travels
  std::uint32_t uses = 1;
  Time expires;
  MicroCredits credits = 0;  // a requester's funds, an owner's stake
  Signature delegation;      // owners: keys.h, delegation_digest()
  bool operator==(const CreateToken&) const = default;
};

struct Fund {
  PartyId party;
  MicroCredits amount = 0;
  bool operator==(const Fund&) const = default;
};

/// Ends a token, a party with all its agents, or one agent. Live peers are dropped.
struct Revoke {
  std::string token_id;
  PartyId party;
  AgentId agent;
  bool operator==(const Revoke&) const = default;
};

/// An owner drains or wakes an agent of his own.
struct SetAgentPaused {
  AgentId agent;
  bool paused = false;
  bool operator==(const SetAgentPaused&) const = default;
};

struct Command {
  RequestId request{};
  std::variant<SubmitJob, JobCommand, CreateToken, Fund, Revoke, SetAgentPaused> body;
  bool operator==(const Command&) const = default;
};

struct Commands {
  std::vector<Command> commands;
  bool operator==(const Commands&) const = default;
};

/// Read-only: the same paths and the same JSON as HTTP's /api/v1.
struct Query {
  RequestId request{};
  std::string path;
  bool operator==(const Query&) const = default;
};

/// Asks for the stored results of one step from task `first` on, a page at a time.
struct FetchResults {
  RequestId request{};
  StepRef step;
  TaskIndex first = 0;
  bool operator==(const FetchResults&) const = default;
};

struct Subscribe {
  JobId job;
  bool on = true;
  bool operator==(const Subscribe&) const = default;
};

// ---- answers ----

struct Accepted {
  JobId job;
  MicroCredits quote_likely = 0;
  MicroCredits quote_most = 0;
  bool operator==(const Accepted&) const = default;
};
struct Enrolled {
  Role role = Role::kStranger;
  PartyId party;
  AgentId agent;
  bool operator==(const Enrolled&) const = default;
};
struct Done {
  bool operator==(const Done&) const = default;
};
struct Json {
  std::string text;
  bool operator==(const Json&) const = default;
};

/// Results of consecutive tasks: inline payloads one after another, or one blob a task.
struct ResultRow {
  TaskRange tasks;
  std::vector<std::uint32_t> sizes;  // of each inline payload
  Bytes payload;
  std::vector<Digest> blobs;  // instead of payload: one a task
  std::vector<std::uint64_t> blob_sizes;
  bool operator==(const ResultRow&) const = default;
};
struct ResultPage {
  std::vector<ResultRow> rows;
  TaskIndex next = 0;
  bool more = false;
  bool operator==(const ResultPage&) const = default;
};

struct Reply {
  RequestId request{};
  std::variant<Done, Accepted, Enrolled, Json, ResultPage, Error> body;
  bool operator==(const Reply&) const = default;
};

struct Replies {
  std::vector<Reply> replies;
  bool operator==(const Replies&) const = default;
};

enum class JobState : std::uint8_t { kQueued, kRunning, kPaused, kSucceeded, kFailed, kCancelled };

/// Pushed after the commit that it tells of.
struct JobUpdate {
  JobId job;
  JobState state = JobState::kQueued;
  std::uint64_t tasks = 0;
  std::uint64_t settled = 0;
  std::uint64_t failed = 0;
  Bytes inline_result;  // of a job with one task, when it fits
  bool operator==(const JobUpdate&) const = default;
};

// ---- agents ----

struct HeldAttempt {
  AttemptId attempt;
  StepRef step;
  TaskRange tasks;
  std::uint32_t replica = 0;
  Ticket ticket{};
  bool operator==(const HeldAttempt&) const = default;
};

/// What an agent is and holds; sent at every connection.
struct AgentHello {
  std::string name;
  std::uint32_t slots = 1;
  Capability capability;
  std::vector<HeldAttempt> held;
  std::string farm{};           // where agents of one owner reach each other; empty: this one is in no gang
  std::string gang_endpoint{};  // ADDRESS:PORT, for those of its farm
  bool operator==(const AgentHello&) const = default;
};

/// Tasks granted since this connection's AgentHello, in all. The scheduler sends no more than that.
struct Credit {
  std::uint64_t granted_total = 0;
  bool operator==(const Credit&) const = default;
};

struct Heartbeat {
  std::vector<AttemptId> held;  // their leases are renewed
  bool paused = false;
  bool operator==(const Heartbeat&) const = default;
};

/// What an agent needs to run tasks of one step.
struct StepInfo {
  StepRef step;
  KernelVersion kernel;
  std::uint32_t leaf_bytes = 0;
  std::uint64_t max_result_bytes = 0;
  Duration time_limit;
  Bytes script;
  std::vector<Digest> inputs;
  bool rooted = false;  // every result stays with the agent until it is asked for, however small
  std::uint64_t checkpoint_bytes = 0;  // what a task may leave for its next attempt, at most; 0: nothing
  Iteration iteration{};
  bool operator==(const StepInfo&) const = default;
};

/// What members of one gang know each other's packets by. Each gang has its own; the region forgets it.
using GangSecret = std::array<std::uint8_t, 32>;

struct GangMember {
  std::string agent;     // its name
  std::string endpoint;  // AgentHello::gang_endpoint
  bool operator==(const GangMember&) const = default;
};

/// One slot's part of a task that runs on several at once.
struct GangSeat {
  AttemptId lead;  // of rank 0, whose report is the task's
  std::uint32_t rank = 0;
  GangSecret secret{};
  std::vector<GangMember> members;  // by rank; empty: the assignment is of no gang
  bool is_gang() const { return !members.empty(); }
  bool operator==(const GangSeat&) const = default;
};

struct Assignment {
  AttemptId attempt;
  StepRef step;
  TaskRange tasks;
  std::uint32_t replica = 0;
  Duration lease;
  Ticket ticket{};
  GangSeat gang{};
  std::uint32_t memory_mib = 0;  // of each task; 0: what its slot has
  Digest checkpoint{};           // of the one task: what an earlier attempt left (a bundle); zeros: nothing
  /// Of a step that iterates, each of the tasks: the results that it goes on from. First the earlier update,
  /// where there is one; an update has its generation's shards behind it, in their order.
  std::vector<Digest> inputs{};
  bool operator==(const Assignment&) const = default;
};

/// Recompute some leaves of one task: a referee's work, and an auditor's.
struct LeafAssignment {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::vector<std::uint32_t> leaves;
  Duration lease;
  std::vector<Digest> inputs{};  // Assignment::inputs of its task
  bool operator==(const LeafAssignment&) const = default;
};

/// Say whether two results of one task are alike: a referee's work.
struct ComparisonAssignment {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  Digest a;  // blobs; `a` is the older result
  Digest b;
  std::uint64_t size_a_bytes = 0;
  std::uint64_t size_b_bytes = 0;
  std::string compare;  // comparison.h
  Duration lease;
  bool operator==(const ComparisonAssignment&) const = default;
};

struct Assign {
  std::vector<StepInfo> steps;  // of every assignment and leaf assignment below, each once
  std::vector<Assignment> assignments;
  std::vector<LeafAssignment> leaves;
  std::vector<ComparisonAssignment> comparisons;
  bool operator==(const Assign&) const = default;
};

enum class FailureReason : std::uint8_t {
  kCrashed,
  kTimeLimit,
  kInputMissing,
  kRefused,
  kOutOfMemory,
  kAgentLeaving,
  kProgramFailed,  // it ended with another status than 0, or without an output that it must make
  kOverLimit       // it asked for more of the host (disk, processes, output) than its task may have
};

/// Results inside the report: payload holds `sizes[i]` bytes for each task. Roots follow from the bytes.
struct InlineResults {
  std::vector<std::uint32_t> sizes;
  Bytes payload;
  bool operator==(const InlineResults&) const = default;
};
/// Results that stay with the agent until they are asked for.
struct RootedResults {
  std::vector<Digest> roots;
  std::vector<std::uint64_t> sizes;
  bool operator==(const RootedResults&) const = default;
};
struct FailedTasks {
  FailureReason reason = FailureReason::kCrashed;
  std::string message;
  bool operator==(const FailedTasks&) const = default;
};

/// Results of consecutive tasks of one attempt.
struct ReportSection {
  AttemptId attempt;
  StepRef step;
  TaskRange tasks;
  KernelVersion kernel;
  Ticket ticket{};
  std::variant<InlineResults, RootedResults, FailedTasks> outcome;
  bool operator==(const ReportSection&) const = default;
};

/// Recomputed leaves, in the order asked for.
struct LeafReport {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::vector<std::uint32_t> leaves;
  std::vector<Digest> hashes;
  bool operator==(const LeafReport&) const = default;
};

enum class ComparisonVerdict : std::uint8_t { kSame, kDiffer, kUndecidable };

/// What a referee found about two results.
struct ComparisonReport {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  ComparisonVerdict verdict = ComparisonVerdict::kUndecidable;
  std::string why;  // a line for people
  bool operator==(const ComparisonReport&) const = default;
};

/// Signed as a whole: the signature is over the Merkle root of the sections' commitments (commitment.h).
struct Report {
  std::vector<ReportSection> sections;
  std::vector<LeafReport> leaves;
  Signature signature;
  std::vector<ComparisonReport> comparisons;
  bool operator==(const Report&) const = default;
};

enum class SectionStatus : std::uint8_t { kRecorded, kLate, kRefused };

struct ReportAck {
  struct Item {
    AttemptId attempt;
    TaskRange tasks;
    SectionStatus status = SectionStatus::kRecorded;
    std::string why;
    bool operator==(const Item&) const = default;
  };
  std::vector<Item> items;
  bool operator==(const ReportAck&) const = default;
};

struct CancelAttempts {
  struct Item {
    AttemptId attempt;
    TaskRange tasks;
    bool operator==(const Item&) const = default;
  };
  std::vector<Item> items;
  bool operator==(const CancelAttempts&) const = default;
};

/// Give the leaf hashes of one result: they must hash to the root that was reported.
struct OpeningRequest {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  bool operator==(const OpeningRequest&) const = default;
};
struct Opening {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::vector<Digest> leaf_hashes;  // empty: refused
  bool operator==(const Opening&) const = default;
};

/// A task has left a new checkpoint: `root` is that of its bundle as one leaf. The region asks for it, or
/// does not.
struct CheckpointMade {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  Digest root;
  std::uint64_t size_bytes = 0;
  bool operator==(const CheckpointMade&) const = default;
};

/// Put the result on the bulk socket, please; or the task's newest checkpoint.
struct UploadRequest {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  bool checkpoint = false;
  bool operator==(const UploadRequest&) const = default;
};

enum class VerdictKind : std::uint8_t { kSettled, kRejected, kReleased };

/// What became of reported tasks. kReleased: nothing will be asked of them any more; drop the spool.
struct Verdicts {
  struct Item {
    AttemptId attempt;
    StepRef step;
    TaskRange tasks;
    VerdictKind kind = VerdictKind::kSettled;
    MicroCredits amount = 0;
    bool operator==(const Item&) const = default;
  };
  std::vector<Item> items;
  bool operator==(const Verdicts&) const = default;
};

/// The region ends this conversation and says why.
struct Goodbye {
  Error why;
  bool operator==(const Goodbye&) const = default;
};

/// Of what a task's program wrote so far, cleaned: UTF-8 without control characters but line ends and tabs.
struct LogPiece {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::uint64_t offset =
      0;  // of its first byte in the whole log; behind the last piece's end: bytes between are lost
  std::string text;
  bool operator==(const LogPiece&) const = default;
};

/// Best effort: nobody acknowledges or repeats it, and the region may drop it.
struct LogPieces {
  std::vector<LogPiece> pieces;
  bool operator==(const LogPieces&) const = default;
};

using Message =
    std::variant<Hello, Welcome, Enrol, Commands, Query, FetchResults, Subscribe, Replies, JobUpdate,
                 AgentHello, Credit, Heartbeat, Assign, Report, ReportAck, CancelAttempts, OpeningRequest,
                 Opening, UploadRequest, Verdicts, Goodbye, LogPieces, CheckpointMade>;

}  // namespace reeve::msg
