#include "agent/shell/link.h"

#include "protocol/limits.h"
#include "protocol/wire.h"

namespace reeve::agent {
namespace {

/// Messages that wait for a region that does not keep up; beyond them the conversation is begun anew.
constexpr std::size_t kWaiting = 4096;
/// Messages taken before the workers have their turn.
constexpr unsigned kMessagesPerTurn = 256;

}  // namespace

Result<void> Link::open() {
  close();
  net::SocketSettings settings;
  settings.max_message_bytes = limits::kControlMessageBytes;
  auto socket =
      net::ClientSocket::connect(context_, region_.host, region_.port, region_.server, key_, settings);
  if (!socket) return socket.error();
  socket_.emplace(std::move(socket).value());
  return {};
}

void Link::close() {
  socket_.reset();
  waiting_.clear();
  welcomed_ = false;
}

bool Link::send(const msg::Message& message) {
  if (!socket_) return true;  // said on the next connection, by the core
  waiting_.push_back(wire::encode(message));
  return flush() && waiting_.size() < kWaiting;
}

bool Link::flush() {
  while (!waiting_.empty() && socket_->send(waiting_.front()) == net::Sent::kSent)
    waiting_.pop_front();
  return true;
}

void Link::lost(std::vector<Input>& inputs, Error why, bool final) {
  close();
  inputs.push_back(ConnectionLost{std::move(why), final});
}

void Link::pump(std::vector<Input>& inputs) {
  if (!socket_) return;
  while (const auto event = socket_->try_event()) {
    if (!on_event(*event, inputs)) return;
  }
  for (unsigned n = 0; n < kMessagesPerTurn && socket_; ++n) {
    const auto payload = socket_->try_receive();
    if (!payload) break;
    auto message = wire::decode(*payload);
    if (!message) return lost(inputs, message.error());
    on_message(std::move(message).value(), inputs);
  }
  if (socket_) flush();
}

bool Link::on_event(net::LinkEvent event, std::vector<Input>& inputs) {
  switch (event) {
    case net::LinkEvent::kConnected:
      send(msg::Hello{limits::kProtocolOldest, limits::kProtocolNewest, "reeve-agent"});
      return true;
    case net::LinkEvent::kDisconnected:
      lost(inputs, {ErrorCode::kUnreachable, "the connection to " + place() + " ended", ""});
      return false;
    case net::LinkEvent::kRefused:
      lost(inputs, {ErrorCode::kNotAllowed,
                    "the region at " + place() +
                        " does not prove the key that this agent was given, or refuses this agent's key",
                    "join it again with a new token: `reeve agent join`"});
      return false;
  }
  return true;
}

void Link::on_message(msg::Message message, std::vector<Input>& inputs) {
  const auto* welcome = std::get_if<msg::Welcome>(&message);
  if (!welcome) {
    if (welcomed_ || std::holds_alternative<msg::Goodbye>(message))
      inputs.push_back(Received{std::move(message)});
    return;
  }
  if (welcome->role != Role::kAgent && welcome->role != Role::kReferee) {
    return lost(inputs,
                {ErrorCode::kNotAllowed,
                 "region " + welcome->region + " does not know this agent: it was revoked, or never joined",
                 "join it with a token: `reeve agent join`"},
                true);
  }
  welcomed_ = true;
  inputs.push_back(ConnectionUp{*welcome});
}

}  // namespace reeve::agent
