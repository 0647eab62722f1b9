#include "scheduler/shell/connections.h"

#include <algorithm>

namespace reeve::shell {

Connection& Connections::from(const net::RoutingId& route, const TransportKey& key, Time now) {
  const auto known = by_route_.find(route);
  if (known != by_route_.end()) {
    Connection& connection = by_id_.at(known->second);
    if (connection.key == key) {
      connection.heard = now;
      return connection;
    }
    forget(known->second);
  }
  if (by_id_.size() >= kMost) make_room();
  const core::ConnectionId id(next_id_++);
  by_route_[route] = id;
  Connection& added = by_id_[id];
  added.id = id;
  added.route = route;
  added.key = key;
  added.heard = now;
  return added;
}

void Connections::make_room() {
  const auto silent = std::min_element(by_id_.begin(), by_id_.end(), [](const auto& a, const auto& b) {
    return a.second.heard < b.second.heard;
  });
  forget(silent->first);
}

Connection* Connections::find(core::ConnectionId id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

Connection* Connections::find_agent(AgentId agent) {
  const auto found = by_agent_.find(agent);
  return found == by_agent_.end() ? nullptr : find(found->second);
}

std::vector<Connection*> Connections::with_key(const TransportKey& key) {
  std::vector<Connection*> found;
  for (auto& [id, connection] : by_id_)
    if (connection.key == key) found.push_back(&connection);
  return found;
}

void Connections::set_agent(Connection& connection, AgentId agent) {
  const auto before = by_agent_.find(agent);
  if (before != by_agent_.end() && before->second != connection.id) {
    if (Connection* old = find(before->second)) old->agent = AgentId();
  }
  connection.agent = agent;
  by_agent_[agent] = connection.id;
}

void Connections::forget(core::ConnectionId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  by_route_.erase(found->second.route);
  const auto agent = by_agent_.find(found->second.agent);
  if (agent != by_agent_.end() && agent->second == id) by_agent_.erase(agent);
  by_id_.erase(found);
}

}  // namespace reeve::shell
