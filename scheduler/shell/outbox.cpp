#include <iterator>
#include <utility>

#include "protocol/limits.h"
#include "protocol/wire.h"
#include "scheduler/shell/loop.h"

/// Effects become messages. A peer that does not keep up is dropped: nothing is ever queued for it here.
namespace reeve::shell {

void Loop::send_bytes(core::ConnectionId to, ByteView bytes) {
  Connection* connection = connections_.find(to);
  if (connection == nullptr || connection->dropped) return;
  ++parts_.metrics.messages_sent;
  if (parts_.socket.send(connection->route, bytes) == net::Sent::kSent) return;
  ++parts_.metrics.peers_dropped;
  if (connection->agent.valid()) gone_.push_back(connection->agent);
  connections_.forget(to);
}

void Loop::send(core::ConnectionId to, const msg::Message& message) {
  send_bytes(to, wire::encode(message));
}

void Loop::send_to_agent(AgentId to, const msg::Message& message) {
  if (const Connection* connection = connections_.find_agent(to)) send(connection->id, message);
}

/// Acknowledgements and verdicts of a turn share messages: a settled task is not worth one of its own.
void Loop::add_ack(core::SendAck& ack) {
  auto& items = acks_[ack.to].items;
  if (items.size() + ack.ack.items.size() > limits::kSectionsPerReport) {
    send_to_agent(ack.to, acks_[ack.to]);
    items.clear();
  }
  std::move(ack.ack.items.begin(), ack.ack.items.end(), std::back_inserter(items));
}

void Loop::add_verdicts(core::SendVerdicts& verdicts) {
  auto& items = verdicts_[verdicts.to].items;
  for (msg::Verdicts::Item& item : verdicts.verdicts.items) {
    if (items.size() == limits::kVerdictsPerMessage) {
      send_to_agent(verdicts.to, verdicts_[verdicts.to]);
      items.clear();
    }
    items.push_back(std::move(item));
  }
}

void Loop::flush_agents() {
  for (const auto& [agent, ack] : std::exchange(acks_, {}))
    send_to_agent(agent, ack);
  for (const auto& [agent, verdicts] : std::exchange(verdicts_, {}))
    if (!verdicts.items.empty()) send_to_agent(agent, verdicts);
}

void Loop::drop(Connection& connection, const Error& why) {
  const core::ConnectionId id = connection.id;
  if (connection.agent.valid()) gone_.push_back(connection.agent);
  send(id, msg::Goodbye{why});  // may end the connection
  Connection* still = connections_.find(id);
  if (still != nullptr) still->dropped = true;
  ++parts_.metrics.peers_dropped;
}

void Loop::add_reply(core::ConnectionId to, msg::Reply reply) {
  msg::Replies& replies = replies_[to];
  replies.replies.push_back(std::move(reply));
  if (replies.replies.size() < limits::kCommandsPerMessage) return;
  send(to, replies);
  replies.replies.clear();
}

void Loop::flush_replies() {
  for (const auto& [to, replies] : replies_)
    if (!replies.replies.empty()) send(to, replies);
  replies_.clear();
  for (const core::NotifyJob& notice :
       notices_) {  // a client hears of a job's number before it hears of the job
    const Bytes bytes = wire::encode(notice.update);
    for (const core::ConnectionId to : notice.to)
      send_bytes(to, bytes);
  }
  notices_.clear();
}

void Loop::perform(core::Effect& effect) {
  struct Visitor {
    Loop& loop;
    void operator()(core::SendReply& e) { loop.add_reply(e.to, std::move(e.reply)); }
    void operator()(core::NotifyJob& e) { loop.notices_.push_back(std::move(e)); }
    void operator()(core::SendAssign& e) { loop.send_to_agent(e.to, e.assign); }
    void operator()(core::SendAck& e) { loop.add_ack(e); }
    void operator()(core::SendCancel& e) { loop.send_to_agent(e.to, e.cancel); }
    void operator()(core::AskOpening& e) { loop.send_to_agent(e.to, e.request); }
    void operator()(core::AskUpload& e) {
      loop.parts_.uploads.expect(e);
      loop.send_to_agent(e.to, e.request);
    }
    void operator()(core::SendVerdicts& e) { loop.add_verdicts(e); }
    void operator()(core::DropPeer& e) {
      loop.parts_.keys.revoke(e.key);
      for (Connection* connection : loop.connections_.with_key(e.key))
        loop.drop(*connection, e.why);
    }
  };
  std::visit(Visitor{*this}, effect);
}

}  // namespace reeve::shell
