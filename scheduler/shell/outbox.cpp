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
    void operator()(core::SendAck& e) { loop.send_to_agent(e.to, e.ack); }
    void operator()(core::SendCancel& e) { loop.send_to_agent(e.to, e.cancel); }
    void operator()(core::AskOpening& e) { loop.send_to_agent(e.to, e.request); }
    void operator()(core::AskUpload& e) {
      loop.parts_.uploads.expect(e);
      loop.send_to_agent(e.to, e.request);
    }
    void operator()(core::SendVerdicts& e) { loop.send_to_agent(e.to, e.verdicts); }
    void operator()(core::DropPeer& e) {
      loop.parts_.keys.revoke(e.key);
      for (Connection* connection : loop.connections_.with_key(e.key))
        loop.drop(*connection, e.why);
    }
  };
  std::visit(Visitor{*this}, effect);
}

}  // namespace reeve::shell
