#include <algorithm>

#include "protocol/invitation.h"
#include "protocol/keys.h"
#include "protocol/limits.h"
#include "protocol/wire.h"
#include "scheduler/shell/loop.h"
#include "scheduler/shell/report_check.h"

/// A message, checked, becomes an input. A bad one costs its sender, never the region.
namespace reeve::shell {
namespace {

template <class... Ts>
constexpr bool is_one_of(const msg::Message& message) {
  return (std::holds_alternative<Ts>(message) || ...);
}

bool is_agent(Role role) {
  return role == Role::kAgent || role == Role::kReferee;
}

bool binding_holds(const TransportKey& region, const TransportKey& key, const msg::Enrol& enrol, Time now) {
  return enrol.not_after > now &&
         verify(enrol.identity, binding_digest(region, key, enrol.sequence, enrol.not_after), enrol.binding);
}

}  // namespace

void Loop::on_received(net::Received received) {
  Connection& from = connections_.from(received.peer, received.key, now_);
  if (from.dropped) return;
  Result<msg::Message> message = wire::decode(received.payload);
  if (!message) return refuse_message(from, message.error());
  on_message(from, std::move(*message));
}

void Loop::refuse_message(Connection& from, const Error& why) {
  ++parts_.metrics.messages_refused;
  if (++from.bad >= kBadMessages) drop(from, why);
}

/// Strangers may greet and enrol; what the others may do follows from their key's role.
void Loop::on_message(Connection& from, msg::Message message) {
  if (const auto* hello = std::get_if<msg::Hello>(&message)) return greet(from, *hello);
  if (!from.greeted)
    return refuse_message(from, {ErrorCode::kInvalid, "the first message must be a hello", ""});
  if (auto* enrol = std::get_if<msg::Enrol>(&message)) return on_enrol(from, std::move(*enrol));
  const core::Peer peer = parts_.keys.who(from.key);
  if (peer.role == Role::kStranger)
    return drop(from, {ErrorCode::kNotAllowed, "this key has no rights here",
                       "use an invitation: `reeve login` or `reeve agent join`"});
  if (auto* commands = std::get_if<msg::Commands>(&message))
    return on_commands(from, peer, std::move(*commands));
  if (auto* query = std::get_if<msg::Query>(&message)) return on_question(from, peer, std::move(*query));
  if (auto* fetch = std::get_if<msg::FetchResults>(&message))
    return on_question(from, peer, std::move(*fetch));
  if (const auto* subscribe = std::get_if<msg::Subscribe>(&message)) {
    step(core::Input(core::SubscribeReceived{from.id, from.key, subscribe->job, subscribe->on}));
    return;
  }
  if (is_agent(peer.role)) return on_agent(from, peer, std::move(message));
  refuse_message(from, {ErrorCode::kNotAllowed, "this message is not for a peer of this role", ""});
}

void Loop::greet(Connection& from, const msg::Hello& hello) {
  if (hello.protocol_newest < limits::kProtocolOldest || hello.protocol_oldest > limits::kProtocolNewest ||
      hello.protocol_oldest > hello.protocol_newest)
    return drop(
        from,
        {ErrorCode::kInvalid,
         "protocol " + std::to_string(hello.protocol_oldest) + " to " +
             std::to_string(hello.protocol_newest) + " is not spoken here; this region serves " +
             std::to_string(limits::kProtocolOldest) + " and " + std::to_string(limits::kProtocolNewest),
         "install a release that speaks one of them"});
  from.greeted = true;
  const core::Peer peer = parts_.keys.who(from.key);
  msg::Welcome welcome;
  welcome.protocol = std::min(hello.protocol_newest, limits::kProtocolNewest);
  welcome.region = settings_.region;
  welcome.boot_epoch = parts_.core.durable().boot_epoch;
  welcome.bulk_port = settings_.bulk_port;
  welcome.role = peer.role;
  welcome.party = peer.party;
  welcome.agent = peer.agent;
  if (is_agent(peer.role) && parts_.logs)
    welcome.log_bytes_per_s = log_door_.open(peer.agent, connections_.size(), now_);
  send(from.id, welcome);
}

void Loop::on_enrol(Connection& from, msg::Enrol enrol) {
  core::EnrolReceived input;
  input.from = from.id;
  input.key = from.key;
  input.binding_ok = binding_holds(settings_.server_key, from.key, enrol, now_);
  const Result<Token> token = parse_token(enrol.token);
  if (token) input.secret_digest = secret_digest(token->secret);
  input.enrol = std::move(enrol);
  step(core::Input(std::move(input)));
}

void Loop::on_commands(Connection& from, const core::Peer& peer, msg::Commands commands) {
  if (is_agent(peer.role))
    return refuse_message(from, {ErrorCode::kNotAllowed, "an agent's key gives no commands", ""});
  std::optional<Error> no_room;
  for (msg::Command& command : commands.commands) {
    core::CommandReceived input;
    if (const auto* submit = std::get_if<msg::SubmitJob>(&command.body); submit && !submit->only_quote) {
      if (!no_room) {
        const Result<void> reserve = parts_.blobs.check_reserve();
        no_room = reserve ? Error{} : reserve.error();
      }
      if (!no_room->message.empty()) {
        add_reply(from.id, {command.request, *no_room});
        continue;
      }
      for (const StepSpec& step_spec : submit->spec.steps)
        for (const Digest& blob : step_spec.inputs)
          if (!parts_.blobs.claim(blob, now_)) input.missing_inputs.push_back(blob);
    }
    input.from = from.id;
    input.key = from.key;
    input.command = std::move(command);
    step(core::Input(std::move(input)));
  }
}

void Loop::on_question(Connection& from, const core::Peer& peer,
                       std::variant<msg::Query, msg::FetchResults> question) {
  const msg::RequestId request = std::visit([](const auto& asked) { return asked.request; }, question);
  if (parts_.question({from.id, peer, next_seq_ - 1, std::move(question)})) return;
  add_reply(from.id, {request, Error{ErrorCode::kExhausted, "too many questions wait for an answer",
                                     "ask again in a second"}});
}

void Loop::on_agent(Connection& from, const core::Peer& peer, msg::Message message) {
  if (auto* hello = std::get_if<msg::AgentHello>(&message)) {
    connections_.set_agent(from, peer.agent);
    return step(core::Input(core::AgentConnected{from.id, peer.agent, std::move(*hello)}));
  }
  if (from.agent != peer.agent)
    return refuse_message(from, {ErrorCode::kInvalid, "an agent says first what it is and holds", ""});
  if (auto* report = std::get_if<msg::Report>(&message)) return on_report(from, std::move(*report));
  if (const auto* credit = std::get_if<msg::Credit>(&message))
    return step(core::Input(core::CreditGranted{peer.agent, credit->granted_total}));
  if (auto* heartbeat = std::get_if<msg::Heartbeat>(&message))
    return step(core::Input(core::HeartbeatReceived{peer.agent, std::move(*heartbeat)}));
  if (auto* pieces = std::get_if<msg::LogPieces>(&message)) return on_logs(from, std::move(*pieces));
  if (const auto* made = std::get_if<msg::CheckpointMade>(&message))
    return step(core::Input(core::CheckpointOffered{peer.agent, *made}));
  if (auto* opening = std::get_if<msg::Opening>(&message))
    return step(core::Input(
        core::OpeningReceived{peer.agent, check_opening(parts_.core.durable(), std::move(*opening))}));
  refuse_message(from, {ErrorCode::kNotAllowed, "this message is not for a peer of this role", ""});
}

/// Nothing is decided by what programs write: the core never hears of it.
void Loop::on_logs(const Connection& from, msg::LogPieces pieces) {
  if (!parts_.logs) return;
  const auto holds = [&](AttemptId attempt, StepRef step, TaskIndex task) {
    return parts_.core.holds(from.agent, attempt, step, task);
  };
  msg::LogPieces taken = log_door_.admit(from.agent, std::move(pieces), holds, now_);
  parts_.metrics.log_pieces_refused = log_door_.refused_pieces();
  if (!taken.pieces.empty()) parts_.logs->put(from.agent, std::move(taken), now_);
}

void Loop::on_report(Connection& from, msg::Report report) {
  Result<CheckedReport> checked =
      check_report(parts_.core.durable(), settings_.server_key, from.agent, std::move(report));
  if (!checked) return refuse_message(from, checked.error());
  if (!checked->forgotten.items.empty()) return send(from.id, checked->forgotten);
  step(core::Input(std::move(checked->input)));
}

}  // namespace reeve::shell
