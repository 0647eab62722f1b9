#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve {

/// What lets a stranger in, once or a few times: a public id and a secret that the region knows only by
/// digest.
struct Token {
  std::string id;      // [a-z0-9]{6}
  std::string secret;  // [a-z0-9]{16}: 82 bits
  bool operator==(const Token&) const = default;
};

Token make_token();
/// "id.secret".
std::string token_text(const Token& token);
Result<Token> parse_token(std::string_view text);
bool is_token_id(std::string_view text);
Digest secret_digest(std::string_view secret);

/// Where a region is, and the key it must prove to have.
struct RegionAddress {
  std::string host;  // a name or an IP address; IPv6 without brackets
  std::uint16_t port = 0;
  TransportKey server;
  bool operator==(const RegionAddress&) const = default;
};

/// A join string, to be sent to whoever is invited: reeve://HOST:PORT/ID.SECRET#SERVERKEY (64 hex digits).
struct Invitation {
  RegionAddress region;
  Token token;
  bool operator==(const Invitation&) const = default;
};

std::string invitation_text(const Invitation& invitation);
/// kInvalid names the part that is wrong and what it should look like.
Result<Invitation> parse_invitation(std::string_view text);

}  // namespace reeve
