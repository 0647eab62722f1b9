#include "agent/shell/join.h"

#include <algorithm>
#include <chrono>

#include "agent/shell/files.h"
#include "protocol/key_files.h"
#include "protocol/limits.h"
#include "protocol/socket.h"
#include "protocol/wire.h"

namespace reeve::agent {
namespace {

constexpr Duration kPatience = seconds(10);
/// How long the binding of a transport key to its identity holds; a later join renews it.
constexpr Duration kBindingLife = hours(24 * 365 * 5);

struct Keys {
  Identity identity;
  TransportPair transport;
};

Time wall_clock() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

/// The home's keys; new ones where it has none, or where an earlier join did not end well.
Result<Keys> keys_of(const std::filesystem::path& home) {
  const auto identity_path = home / "identity.key";
  const auto transport_path = home / "transport.key";
  if (!std::filesystem::exists(identity_path)) {
    if (const auto saved = save_identity(identity_path, Identity::create()); !saved) return saved.error();
  }
  if (!std::filesystem::exists(transport_path)) {
    if (const auto saved = save_transport(transport_path, TransportPair::create()); !saved)
      return saved.error();
  }
  auto identity = load_identity(identity_path);
  if (!identity) return identity.error();
  auto transport = load_transport(transport_path);
  if (!transport) return transport.error();
  return Keys{std::move(identity).value(), std::move(transport).value()};
}

Error unreachable(const RegionAddress& region) {
  return {ErrorCode::kUnreachable, "no region answers at " + region.host + ":" + std::to_string(region.port),
          "check the address in the invitation, the network, and that the region runs"};
}

Result<net::ClientSocket> connect(net::Context& context, const RegionAddress& region, const Keys& keys) {
  net::SocketSettings settings;
  settings.max_message_bytes = limits::kControlMessageBytes;
  auto socket =
      net::ClientSocket::connect(context, region.host, region.port, region.server, keys.transport, settings);
  if (!socket) return socket;
  const auto event = socket.value().wait_event(kPatience);
  if (!event) return unreachable(region);
  if (*event == net::LinkEvent::kRefused)
    return Error{ErrorCode::kNotAllowed,
                 "what answers at " + region.host + ":" + std::to_string(region.port) +
                     " does not have the key that the invitation names",
                 "ask whoever invited you for a new invitation; do not go on with this one"};
  if (*event == net::LinkEvent::kDisconnected) return unreachable(region);
  return socket;
}

/// The next message of type T; a Goodbye is the region's refusal.
template <class T>
Result<T> await(net::ClientSocket& socket, const RegionAddress& region) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(kPatience.ns);
  while (std::chrono::steady_clock::now() < end) {
    const auto payload = socket.receive(seconds(1));
    if (!payload) continue;
    auto message = wire::decode(*payload);
    if (!message) return message.error();
    if (auto* wanted = std::get_if<T>(&message.value())) return std::move(*wanted);
    if (const auto* goodbye = std::get_if<msg::Goodbye>(&message.value())) return goodbye->why;
  }
  return unreachable(region);
}

Result<msg::Enrolled> enrol(net::ClientSocket& socket, const Invitation& invitation, const Keys& keys,
                            const std::string& name) {
  const RegionAddress& region = invitation.region;
  socket.send(wire::encode(msg::Hello{limits::kProtocolOldest, limits::kProtocolNewest, "reeve-agent"}),
              kPatience);
  const auto welcome = await<msg::Welcome>(socket, region);
  if (!welcome) return welcome.error();
  msg::Enrol request;
  const SecretBytes random = random_secret();
  std::copy_n(random.bytes().begin(), request.request.size(), request.request.begin());
  request.token = token_text(invitation.token);
  request.name = name;
  request.identity = keys.identity.public_key();
  const Time now = wall_clock();
  request.sequence = static_cast<std::uint64_t>(now.ns / 1'000'000);
  request.not_after = now + kBindingLife;
  request.binding = keys.identity.sign(
      binding_digest(region.server, keys.transport.public_key(), request.sequence, request.not_after));
  socket.send(wire::encode(request), kPatience);
  const auto replies = await<msg::Replies>(socket, region);
  if (!replies) return replies.error();
  for (const msg::Reply& reply : replies.value().replies) {
    if (reply.request != request.request) continue;
    if (const auto* enrolled = std::get_if<msg::Enrolled>(&reply.body)) return *enrolled;
    if (const auto* error = std::get_if<Error>(&reply.body)) return *error;
  }
  return Error{ErrorCode::kCorrupt, "the region's answer was none to the question",
               "agent and region may be of versions too far apart"};
}

}  // namespace

Result<msg::Enrolled> join_region(const JoinRequest& request) {
  const auto invitation = parse_invitation(request.invitation);
  if (!invitation) return invitation.error();
  if (std::filesystem::exists(request.home / "agent.toml"))
    return Error{ErrorCode::kConflict, request.home.string() + " holds an agent that joined already",
                 "run it (`reeve agent run`), let it leave (`reeve agent leave`), or choose another --home"};
  std::error_code error;
  std::filesystem::create_directories(request.home, error);
  if (error)
    return Error{ErrorCode::kIo, "cannot create " + request.home.string() + ": " + error.message(),
                 "choose another --home"};
  const auto keys = keys_of(request.home);
  if (!keys) return keys.error();
  net::Context context;
  auto socket = connect(context, invitation.value().region, keys.value());
  if (!socket) return socket.error();
  auto enrolled = enrol(socket.value(), invitation.value(), keys.value(), request.settings.name);
  if (!enrolled) return enrolled;
  if (enrolled.value().role != Role::kAgent && enrolled.value().role != Role::kReferee)
    return Error{
        ErrorCode::kNotAllowed,
        std::string("this token is for a ") + role_name(enrolled.value().role) + ", not for an agent",
        "ask an owner for one: `reeve owner invite-agents`"};
  AgentSettings settings = request.settings;
  settings.region = invitation.value().region;
  if (const auto saved = save_settings(request.home, settings); !saved) return saved.error();
  return enrolled;
}

}  // namespace reeve::agent
