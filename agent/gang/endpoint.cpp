#include "agent/gang/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace reeve::agent::gang {

Result<Endpoint> read_endpoint(const std::string& text, bool names) {
  const auto wrong = [&text](const char* why) {
    return Error{ErrorCode::kInvalid, "gang address '" + text + "' " + why,
                 "write an address of this host, and a port where it matters: 192.168.1.5:7700"};
  };
  std::string host = text;
  std::string port = "0";
  const bool bracketed = !text.empty() && text.front() == '[';
  const std::size_t close = text.find(']');
  if (bracketed && close == std::string::npos) return wrong("has no closing bracket");
  const std::size_t colon = text.rfind(':');
  const bool one_colon = colon != std::string::npos && text.find(':') == colon;
  if (bracketed ? close + 1 < text.size() : one_colon) {
    if (colon == std::string::npos || (bracketed && colon != close + 1)) return wrong("is not ADDRESS:PORT");
    port = text.substr(colon + 1);
    host = text.substr(0, colon);
  }
  if (bracketed) host = text.substr(1, close - 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::stoul(port) > 65535) return wrong("has no port of 0 to 65535");
  if (host.empty()) return wrong("has no address");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (names ? 0 : AI_NUMERICHOST);
  addrinfo* found = nullptr;
  if (const int code = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); code != 0)
    return Error{ErrorCode::kNotFound, "gang address '" + text + "': " + gai_strerror(code),
                 "write an address of this host, such as one that `ip address` shows"};
  Endpoint endpoint;
  endpoint.size = std::min<socklen_t>(found->ai_addrlen, sizeof endpoint.address);
  std::memcpy(&endpoint.address, found->ai_addr, endpoint.size);
  freeaddrinfo(found);
  return endpoint;
}

std::string endpoint_text(const Endpoint& endpoint) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (endpoint.address.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(endpoint.address);
    inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(six.sin6_port));
  }
  const auto& four = reinterpret_cast<const sockaddr_in&>(endpoint.address);
  inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  return std::string(text.data()) + ":" + std::to_string(ntohs(four.sin_port));
}

bool is_wildcard(const Endpoint& endpoint) {
  if (endpoint.address.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(endpoint.address);
    return IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr);
  }
  return reinterpret_cast<const sockaddr_in&>(endpoint.address).sin_addr.s_addr == htonl(INADDR_ANY);
}

}  // namespace reeve::agent::gang
