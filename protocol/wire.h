#pragma once

#include "protocol/bytes.h"
#include "protocol/messages.h"
#include "protocol/result.h"

/// Control messages as bytes: Cap'n Proto, schema in wire.capnp.
namespace reeve::wire {

/// The bytes of one ZeroMQ message. What the caller puts in obeys limits.h: decode() at the other end refuses
/// the rest.
Bytes encode(const msg::Message& message);

/// Reads what a peer sent; trusts nothing. kInvalid names the field that breaks a bound of limits.h, a count
/// that does not match its range, or a message that this protocol does not know. Bytes may lie at any
/// address.
Result<msg::Message> decode(ByteView bytes);

}  // namespace reeve::wire
