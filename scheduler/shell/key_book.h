#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "protocol/zap.h"
#include "scheduler/core/durable.h"

namespace reeve::shell {

/// Who speaks with which transport key, for every thread. The loop writes it as parties and agents come and
/// go; handshakes and the bulk socket read it.
class KeyBook {
 public:
  explicit KeyBook(std::shared_ptr<net::Admission> admission) : admission_(std::move(admission)) {}

  /// Every peer of a recovered region; revoked ones are kept out.
  void load(const core::Durable& state);
  /// Follows an event that the core decided.
  void follow(const core::Event& event);
  void revoke(const TransportKey& key);
  /// A stranger for keys that nobody enrolled.
  core::Peer who(const TransportKey& key) const;

 private:
  void enrol(const TransportKey& key, const core::Peer& peer);

  const std::shared_ptr<net::Admission> admission_;
  mutable std::mutex mutex_;
  std::map<TransportKey, core::Peer> peers_;
};

}  // namespace reeve::shell
