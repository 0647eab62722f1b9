#include "scheduler/shell/key_book.h"

namespace reeve::shell {

void KeyBook::enrol(const TransportKey& key, const core::Peer& peer) {
  const std::lock_guard lock(mutex_);
  for (auto entry = peers_.begin(); entry != peers_.end(); ++entry) {
    if (entry->second.party != peer.party || entry->second.agent != peer.agent || entry->first == key)
      continue;
    admission_->forget(entry->first);  // the key that this one replaces
    peers_.erase(entry);
    break;
  }
  peers_[key] = peer;
  admission_->enrol(key);
}

void KeyBook::load(const core::Durable& state) {
  for (const auto& [key, peer] : state.peers) {
    const auto party = state.parties.find(peer.party);
    const auto agent = state.agents.find(peer.agent);
    const bool revoked = (party != state.parties.end() && party->second.revoked) ||
                         (agent != state.agents.end() && agent->second.revoked);
    if (revoked) {
      revoke(key);
      continue;
    }
    const std::lock_guard lock(mutex_);
    peers_[key] = peer;
    admission_->enrol(key);
  }
}

void KeyBook::follow(const core::Event& event) {
  if (const auto* party = std::get_if<core::PartyEnrolled>(&event))
    enrol(party->transport, {party->role, party->party, {}});
  if (const auto* agent = std::get_if<core::AgentEnrolled>(&event))
    enrol(agent->transport, {agent->role, agent->owner, agent->agent});
}

void KeyBook::revoke(const TransportKey& key) {
  const std::lock_guard lock(mutex_);
  peers_.erase(key);
  admission_->revoke(key);
}

core::Peer KeyBook::who(const TransportKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = peers_.find(key);
  return found == peers_.end() ? core::Peer{} : found->second;
}

}  // namespace reeve::shell
