#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "agent/core/io.h"
#include "protocol/invitation.h"
#include "protocol/keys.h"
#include "protocol/socket.h"

namespace reeve::agent {

/// The control socket: messages in and out, and what becomes of the connection.
class Link {
 public:
  Link(net::Context& context, RegionAddress region, TransportPair key)
      : context_(context), region_(std::move(region)), key_(std::move(key)) {}

  Result<void> open();
  void close();
  /// Queues while the region is slow; false once too much waits.
  bool send(const msg::Message& message);
  /// Appends what happened since the last call.
  void pump(std::vector<Input>& inputs);
  /// To be polled; null while closed.
  void* raw() const { return socket_ ? socket_->raw() : nullptr; }
  void* raw_events() const { return socket_ ? socket_->raw_events() : nullptr; }
  bool blocked() const { return !waiting_.empty(); }

 private:
  void lost(std::vector<Input>& inputs, Error why, bool final = false);
  bool on_event(net::LinkEvent event, std::vector<Input>& inputs);
  void on_message(msg::Message message, std::vector<Input>& inputs);
  bool flush();
  std::string place() const { return region_.host + ":" + std::to_string(region_.port); }

  net::Context& context_;
  RegionAddress region_;
  TransportPair key_;
  std::optional<net::ClientSocket> socket_;
  std::deque<Bytes> waiting_;
  bool welcomed_ = false;
};

}  // namespace reeve::agent
