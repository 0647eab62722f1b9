#include "protocol/invitation.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "protocol/check.h"
#include "protocol/digest.h"

namespace reeve {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kIdLength = 6;
constexpr std::size_t kSecretLength = 16;
constexpr std::size_t kLongestHost = 253;  // RFC 1035
constexpr std::string_view kScheme = "reeve://";
constexpr const char* kForm = "an invitation is reeve://HOST:PORT/ID.SECRET#SERVERKEY; ask for it again";

bool is_word(std::string_view text, std::size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](char c) {
           return kAlphabet.find(c) != std::string_view::npos;
         });
}

std::string random_word(std::size_t length) {
  std::string word;
  for (std::size_t i = 0; i < length; ++i)
    word.push_back(kAlphabet[randombytes_uniform(kAlphabet.size())]);
  return word;
}

Error wrong(const std::string& what) {
  return {ErrorCode::kInvalid, "the invitation " + what, kForm};
}

bool is_host(std::string_view host) {
  constexpr std::string_view kMarks = ".-_:%";
  return !host.empty() && host.size() <= kLongestHost && std::all_of(host.begin(), host.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// HOST:PORT, or [IPV6]:PORT.
Result<std::pair<std::string, std::uint16_t>> parse_place(std::string_view place) {
  const std::size_t colon = place.rfind(':');
  if (colon == std::string_view::npos) return wrong("has no port");
  std::string_view host = place.substr(0, colon);
  const std::string_view port_text = place.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!is_host(host) || (!bracketed && host.find(':') != std::string_view::npos))
    return wrong("names no host (IPv6 addresses stand in brackets)");
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (error != std::errc() || end != port_text.data() + port_text.size() || port == 0)
    return wrong("has no port between 1 and 65535");
  return std::pair(std::string(host), port);
}

}  // namespace

Token make_token() {
  REEVE_CHECK(sodium_init() >= 0, "libsodium starts");
  return {random_word(kIdLength), random_word(kSecretLength)};
}

std::string token_text(const Token& token) {
  return token.id + "." + token.secret;
}

bool is_token_id(std::string_view text) {
  return is_word(text, kIdLength);
}

Result<Token> parse_token(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || !is_word(text.substr(0, dot), kIdLength) ||
      !is_word(text.substr(dot + 1), kSecretLength)) {
    return Error{
        ErrorCode::kInvalid, "the token is not of the form ID.SECRET",
        "six and sixteen small letters or digits, for example k3v9qa.0123456789abcdef; copy it whole"};
  }
  return Token{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

Digest secret_digest(std::string_view secret) {
  return sha256(as_bytes(secret));
}

std::string invitation_text(const Invitation& invitation) {
  const RegionAddress& region = invitation.region;
  const bool ipv6 = region.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + region.host + "]" : region.host;
  return std::string(kScheme) + host + ":" + std::to_string(region.port) + "/" +
         token_text(invitation.token) + "#" + to_hex(region.server.bytes);
}

Result<Invitation> parse_invitation(std::string_view text) {
  if (!text.starts_with(kScheme)) return wrong("does not start with reeve://");
  text.remove_prefix(kScheme.size());
  const std::size_t hash = text.find('#');
  if (hash == std::string_view::npos)
    return wrong("has no server key after '#' (quote it in a shell: # starts a comment)");
  Invitation invitation;
  if (!from_hex(text.substr(hash + 1), invitation.region.server.bytes))
    return wrong("has a server key that is not 64 hexadecimal digits");
  text = text.substr(0, hash);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return wrong("has no token after the port");
  auto token = parse_token(text.substr(slash + 1));
  if (!token) return wrong("has a token that is not ID.SECRET (6 and 16 small letters or digits)");
  auto place = parse_place(text.substr(0, slash));
  if (!place) return place.error();
  invitation.token = *token;
  invitation.region.host = place->first;
  invitation.region.port = place->second;
  return invitation;
}

}  // namespace reeve
