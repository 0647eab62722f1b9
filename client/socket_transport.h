#pragma once

#include "client/context.h"

namespace reeve::client {

/// Ways to regions over their sockets: ZeroMQ under CURVE, which checks the region's key before a word is
/// said.
Connector socket_connector();

}  // namespace reeve::client
