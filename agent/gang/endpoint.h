#pragma once

#include <sys/socket.h>

#include <string>

#include "protocol/result.h"

namespace reeve::agent::gang {

/// Where members of gangs reach an agent: an address of this host and a port.
struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

/// "ADDRESS", "ADDRESS:PORT", "[ADDRESS]:PORT"; port 0 where none is given. A name is looked up where
/// `names` says so. Errors: kInvalid with the text; kNotFound for a name that nobody knows.
Result<Endpoint> read_endpoint(const std::string& text, bool names);
/// The numbers of it, as read_endpoint reads them.
std::string endpoint_text(const Endpoint& endpoint);
/// True for 0.0.0.0 and ::, which nobody reaches.
bool is_wildcard(const Endpoint& endpoint);

}  // namespace reeve::agent::gang
