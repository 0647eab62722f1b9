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
};

struct Welcome {
  std::uint32_t protocol = 0;
  std::string region;
  std::uint64_t boot_epoch = 0;
  std::uint32_t bulk_port = 0;
  Role role = Role::kStranger;
  PartyId party;
  AgentId agent;
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
};

// ---- commands: each changes state at most once ----

struct SubmitJob {
  JobSpec spec;
  bool notify = false;  // push JobUpdates to this peer
};

enum class JobVerb : std::uint8_t { kCancel, kPause, kResume, kRetryFailed, kSetPriority };

struct JobCommand {
  JobId job;
  JobVerb verb = JobVerb::kCancel;
  std::int32_t priority = 0;
  std::string reason;
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
};

struct Fund {
  PartyId party;
  MicroCredits amount = 0;
};

/// Ends a token, a party with all its agents, or one agent. Live peers are dropped.
struct Revoke {
  std::string token_id;
  PartyId party;
  AgentId agent;
};

/// An owner drains or wakes an agent of his own.
struct SetAgentPaused {
  AgentId agent;
  bool paused = false;
};

struct Command {
  RequestId request{};
  std::variant<SubmitJob, JobCommand, CreateToken, Fund, Revoke, SetAgentPaused> body;
};

struct Commands {
  std::vector<Command> commands;
};

/// Read-only: the same paths and the same JSON as HTTP's /api/v1.
struct Query {
  RequestId request{};
  std::string path;
};

/// Asks for the stored results of one step from task `first` on, a page at a time.
struct FetchResults {
  RequestId request{};
  StepRef step;
  TaskIndex first = 0;
};

struct Subscribe {
  JobId job;
  bool on = true;
};

// ---- answers ----

struct Accepted {
  JobId job;
  MicroCredits quote_likely = 0;
  MicroCredits quote_most = 0;
};
struct Enrolled {
  Role role = Role::kStranger;
  PartyId party;
  AgentId agent;
};
struct Done {};
struct Json {
  std::string text;
};

/// Results of consecutive tasks: inline payloads one after another, or one blob a task.
struct ResultRow {
  TaskRange tasks;
  std::vector<std::uint32_t> sizes;  // of each inline payload
  Bytes payload;
  std::vector<Digest> blobs;  // instead of payload: one a task
  std::vector<std::uint64_t> blob_sizes;
};
struct ResultPage {
  std::vector<ResultRow> rows;
  TaskIndex next = 0;
  bool more = false;
};

struct Reply {
  RequestId request{};
  std::variant<Done, Accepted, Enrolled, Json, ResultPage, Error> body;
};

struct Replies {
  std::vector<Reply> replies;
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
};

// ---- agents ----

struct HeldAttempt {
  AttemptId attempt;
  StepRef step;
  TaskRange tasks;
  std::uint32_t replica = 0;
  Ticket ticket{};
};

/// What an agent is and holds; sent at every connection.
struct AgentHello {
  std::string name;
  std::uint32_t slots = 1;
  Capability capability;
  std::vector<HeldAttempt> held;
};

/// Tasks granted since this connection's AgentHello, in all. The scheduler sends no more than that.
struct Credit {
  std::uint64_t granted_total = 0;
};

struct Heartbeat {
  std::vector<AttemptId> held;  // their leases are renewed
  bool paused = false;
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
};

struct Assignment {
  AttemptId attempt;
  StepRef step;
  TaskRange tasks;
  std::uint32_t replica = 0;
  Duration lease;
  Ticket ticket{};
};

/// Recompute some leaves of one task: a referee's work, and an auditor's.
struct LeafAssignment {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::vector<std::uint32_t> leaves;
  Duration lease;
};

struct Assign {
  std::vector<StepInfo> steps;  // of every assignment below, each once
  std::vector<Assignment> assignments;
  std::vector<LeafAssignment> leaves;
};

enum class FailureReason : std::uint8_t {
  kCrashed,
  kTimeLimit,
  kInputMissing,
  kRefused,
  kOutOfMemory,
  kAgentLeaving
};

/// Results inside the report: payload holds `sizes[i]` bytes for each task. Roots follow from the bytes.
struct InlineResults {
  std::vector<std::uint32_t> sizes;
  Bytes payload;
};
/// Results that stay with the agent until they are asked for.
struct RootedResults {
  std::vector<Digest> roots;
  std::vector<std::uint64_t> sizes;
};
struct FailedTasks {
  FailureReason reason = FailureReason::kCrashed;
  std::string message;
};

/// Results of consecutive tasks of one attempt.
struct ReportSection {
  AttemptId attempt;
  StepRef step;
  TaskRange tasks;
  KernelVersion kernel;
  Ticket ticket{};
  std::variant<InlineResults, RootedResults, FailedTasks> outcome;
};

/// Recomputed leaves, in the order asked for.
struct LeafReport {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::vector<std::uint32_t> leaves;
  std::vector<Digest> hashes;
};

/// Signed as a whole: the signature is over the Merkle root of the sections' commitments (commitment.h).
struct Report {
  std::vector<ReportSection> sections;
  std::vector<LeafReport> leaves;
  Signature signature;
};

enum class SectionStatus : std::uint8_t { kRecorded, kLate, kRefused };

struct ReportAck {
  struct Item {
    AttemptId attempt;
    TaskRange tasks;
    SectionStatus status = SectionStatus::kRecorded;
    std::string why;
  };
  std::vector<Item> items;
};

struct CancelAttempts {
  struct Item {
    AttemptId attempt;
    TaskRange tasks;
  };
  std::vector<Item> items;
};

/// Give the leaf hashes of one result: they must hash to the root that was reported.
struct OpeningRequest {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
};
struct Opening {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::vector<Digest> leaf_hashes;  // empty: refused
};

/// Put the result on the bulk socket, please.
struct UploadRequest {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
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
  };
  std::vector<Item> items;
};

/// The region ends this conversation and says why.
struct Goodbye {
  Error why;
};

using Message = std::variant<Hello, Welcome, Enrol, Commands, Query, FetchResults, Subscribe, Replies,
                             JobUpdate, AgentHello, Credit, Heartbeat, Assign, Report, ReportAck,
                             CancelAttempts, OpeningRequest, Opening, UploadRequest, Verdicts, Goodbye>;

}  // namespace reeve::msg
