#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/socket.h"
#include "scheduler/core/io.h"

namespace reeve::shell {

/// One peer's connection to the control socket.
struct Connection {
  core::ConnectionId id;
  net::RoutingId route;
  TransportKey key;
  AgentId agent;          // once an AgentHello was heard
  bool greeted = false;   // a Hello was answered with Welcome
  bool dropped = false;   // said goodbye to: whatever still comes is not read
  std::uint32_t bad = 0;  // messages that broke a rule
  Time heard;
};

/// The control socket's connections, by every name they have. Bounded: the one that was silent longest makes
/// room.
class Connections {
 public:
  static constexpr std::size_t kMost = 65'536;

  /// The connection that a message came from; a new one if it is not known yet.
  Connection& from(const net::RoutingId& route, const TransportKey& key, Time now);
  Connection* find(core::ConnectionId id);
  Connection* find_agent(AgentId agent);
  std::vector<Connection*> with_key(const TransportKey& key);
  void set_agent(Connection& connection, AgentId agent);
  /// The connection is no more, or not worth a word.
  void forget(core::ConnectionId id);
  std::size_t size() const { return by_id_.size(); }

 private:
  void make_room();

  std::map<core::ConnectionId, Connection> by_id_;
  std::unordered_map<net::RoutingId, core::ConnectionId> by_route_;
  std::map<AgentId, core::ConnectionId> by_agent_;
  std::uint64_t next_id_ = 1;
};

}  // namespace reeve::shell
