#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "protocol/messages.h"
#include "scheduler/core/events.h"

/// What the core sees (Input) and what it wants done (Effect).
namespace reeve::core {

/// One connection of a peer, as the shell numbers them. Never reused within a boot.
using ConnectionId = Id<struct ConnectionTag>;

// ---- inputs: what was seen ----

struct EnrolReceived {
  ConnectionId from;
  TransportKey key;
  msg::Enrol enrol;
  Digest secret_digest;     // of the token's secret
  bool binding_ok = false;  // the identity's signature over the transport key verified
};
struct CommandReceived {
  ConnectionId from;
  TransportKey key;
  msg::Command command;
  std::vector<Digest> missing_inputs;  // blobs that a submitted job names and the region does not hold
};
struct SubscribeReceived {
  ConnectionId from;
  TransportKey key;
  JobId job;
  bool on = true;
};
struct AgentConnected {
  ConnectionId from;
  AgentId agent;
  msg::AgentHello hello;
};
struct AgentGone {
  AgentId agent;
};
struct CreditGranted {
  AgentId agent;
  std::uint64_t granted_total = 0;
};
struct HeartbeatReceived {
  AgentId agent;
  msg::Heartbeat heartbeat;
};
/// One signed section whose signature verified; `roots` are computed from the bytes for inline results.
struct VerifiedSection {
  msg::ReportSection section;
  std::vector<Digest> roots;
  std::vector<Digest> path;  // from the section's commitment to what was signed
};
struct ReportReceived {
  AgentId agent;
  std::vector<VerifiedSection> sections;
  std::vector<msg::LeafReport> leaves;
  Signature signature;
  std::vector<msg::ComparisonReport> comparisons{};
};
/// Leaf hashes that hash to the root that the attempt reported; `ok` false: refused, or they do not.
struct OpeningReceived {
  AgentId agent;
  msg::Opening opening;
};
struct UploadFinished {
  StepRef step;
  TaskIndex task = 0;
  AttemptId attempt;
  bool ok = false;
  Digest blob;
  Digest root;  // recomputed from the bytes that arrived
  std::uint64_t size_bytes = 0;
  bool checkpoint = false;  // rather than the result
};
struct CheckpointOffered {
  AgentId agent;
  msg::CheckpointMade made;
};
/// Time has passed: deadlines are looked at.
struct Tick {};
/// The inbox is drained: place what can be placed.
struct Pump {};

using Input = std::variant<EnrolReceived, CommandReceived, SubscribeReceived, AgentConnected, AgentGone,
                           CreditGranted, HeartbeatReceived, ReportReceived, OpeningReceived, UploadFinished,
                           Tick, Pump, CheckpointOffered>;

// ---- effects: what the shell is to do ----

/// To one connection.
struct SendReply {
  ConnectionId to;
  msg::Reply reply;
};
struct NotifyJob {
  std::vector<ConnectionId> to;
  msg::JobUpdate update;
};
/// To the agent's current connection; dropped when there is none.
struct SendAssign {
  AgentId to;
  msg::Assign assign;
};
struct SendAck {
  AgentId to;
  msg::ReportAck ack;
};
struct SendCancel {
  AgentId to;
  msg::CancelAttempts cancel;
};
struct AskOpening {
  AgentId to;
  msg::OpeningRequest request;
};
/// The bulk socket is to expect this result, and the agent to send it.
struct AskUpload {
  AgentId to;
  msg::UploadRequest request;
  Digest root;
  std::uint64_t size_bytes = 0;
  std::uint32_t leaf_bytes = 0;
};
struct SendVerdicts {
  AgentId to;
  msg::Verdicts verdicts;
};
/// Ends the connections of a key that lost its rights.
struct DropPeer {
  TransportKey key;
  Error why;
};

using Effect = std::variant<SendReply, NotifyJob, SendAssign, SendAck, SendCancel, AskOpening, AskUpload,
                            SendVerdicts, DropPeer>;

/// True for effects that promise something: they leave only after the commit of the events behind them.
bool waits_for_commit(const Effect& effect);

struct StepOutput {
  std::vector<Event> events;
  std::vector<Effect> effects;
  void clear() {
    events.clear();
    effects.clear();
  }
};

}  // namespace reeve::core
