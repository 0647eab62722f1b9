#pragma once

#include <optional>

#include "protocol/bulk.h"
#include "protocol/messages.h"
#include "protocol/result.h"
#include "protocol/units.h"

namespace reeve::client {

/// Carries messages of one kind to a region and back. A socket in earnest, a script in tests.
template <class Message>
class MessagePipe {
 public:
  virtual ~MessagePipe() = default;
  virtual Result<void> send(const Message& message) = 0;
  /// The next message; nullopt when none came within `wait`. kCorrupt: the region sent what is no message.
  virtual Result<std::optional<Message>> receive(Duration wait) = 0;
};

using Transport = MessagePipe<msg::Message>;
using BulkTransport = MessagePipe<bulk::Message>;

}  // namespace reeve::client
