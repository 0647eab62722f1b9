#include "protocol/socket.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include "protocol/socket_parts.h"
#include "protocol/zap.h"

namespace reeve::net {
namespace {

// A CURVE message holds its command name, nonce, flags and authenticator besides the payload.
constexpr std::int64_t kCurveOverhead = 64;

void set_common(void* socket, const SocketSettings& settings) {
  REEVE_CHECK(settings.max_message_bytes > 0, "a socket bounds what it receives");
  const int heartbeat = milliseconds_of(settings.heartbeat);
  set_option(socket, ZMQ_MAXMSGSIZE, static_cast<std::int64_t>(settings.max_message_bytes) + kCurveOverhead);
  set_option(socket, ZMQ_SNDHWM, settings.send_queue_messages);
  set_option(socket, ZMQ_RCVHWM, settings.receive_queue_messages);
  set_option(socket, ZMQ_HEARTBEAT_IVL, heartbeat);
  set_option(socket, ZMQ_HEARTBEAT_TIMEOUT, 3 * heartbeat);
  set_option(socket, ZMQ_HEARTBEAT_TTL, 3 * heartbeat);
  set_option(socket, ZMQ_HANDSHAKE_IVL, milliseconds_of(settings.handshake));
  set_option(socket, ZMQ_LINGER, milliseconds_of(settings.linger));
  set_option(socket, ZMQ_IPV6, 1);
}

std::string endpoint(const std::string& host, const std::string& port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return "tcp://" + (ipv6 ? "[" + host + "]" : host) + ":" + port;
}

Error bind_error(int code, const std::string& host, std::uint16_t port) {
  const std::string place = host + ":" + std::to_string(port);
  if (code == EADDRINUSE) {
    return {ErrorCode::kConflict, "port " + std::to_string(port) + " on " + host + " is in use",
            "stop what listens there (ss -ltnp shows it) or choose another port"};
  }
  if (code == EACCES)
    return {ErrorCode::kNotAllowed, "not allowed to listen on " + place, "choose a port above 1023"};
  return {ErrorCode::kIo, "cannot listen on " + place + ": " + zmq_strerror(code),
          "the address must be one of this machine's (ip addr shows them)"};
}

std::uint16_t bound_port(void* socket) {
  char text[256] = {};
  std::size_t length = sizeof text;
  REEVE_CHECK(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, text, &length) == 0,
              "a bound socket knows its endpoint");
  const std::string_view bound(text);
  return static_cast<std::uint16_t>(std::stoi(std::string(bound.substr(bound.rfind(':') + 1))));
}

// The rest of a message that has more parts than it should.
void drop_rest(void* socket, Frame& frame) {
  while (frame.more() && frame.receive(socket, ZMQ_DONTWAIT))
    continue;
}

zmq_msg_t* message_of(std::array<std::byte, 64>& storage) {
  static_assert(sizeof(zmq_msg_t) == 64 && alignof(zmq_msg_t) <= 8);
  return reinterpret_cast<zmq_msg_t*>(storage.data());
}

}  // namespace

Frame::Frame() {
  zmq_msg_init(message_of(message_));
}

Frame::Frame(std::size_t size_bytes) {
  if (zmq_msg_init_size(message_of(message_), size_bytes) != 0) throw std::bad_alloc();
}

Frame Frame::copy_of(ByteView bytes) {
  Frame frame(bytes.size());
  std::copy(bytes.begin(), bytes.end(), frame.writable().begin());
  return frame;
}

Frame::Frame(Frame&& other) noexcept : Frame() {
  zmq_msg_move(message_of(message_), message_of(other.message_));
}

Frame& Frame::operator=(Frame&& other) noexcept {
  zmq_msg_move(message_of(message_), message_of(other.message_));
  return *this;
}

Frame::~Frame() {
  zmq_msg_close(message_of(message_));
}

ByteView Frame::bytes() const {
  zmq_msg_t* const message = message_of(message_);
  return {static_cast<const std::uint8_t*>(zmq_msg_data(message)), zmq_msg_size(message)};
}

std::span<std::uint8_t> Frame::writable() {
  zmq_msg_t* const message = message_of(message_);
  return {static_cast<std::uint8_t*>(zmq_msg_data(message)), zmq_msg_size(message)};
}

std::string_view Frame::text() const {
  return {reinterpret_cast<const char*>(bytes().data()), size()};
}

bool Frame::more() const {
  return zmq_msg_more(message_of(message_)) != 0;
}

const char* Frame::property(const char* name) const {
  return zmq_msg_gets(message_of(message_), name);
}

bool Frame::receive(void* socket, int flags) {
  if (zmq_msg_recv(message_of(message_), socket, flags) >= 0) return true;
  REEVE_CHECK(errno == EAGAIN || errno == EINTR || errno == ETERM || errno == EFSM, "a socket receives");
  return false;
}

bool Frame::send(void* socket, int flags) {
  return zmq_msg_send(message_of(message_), socket, flags) >= 0;
}

Context::Context() : handle_(zmq_ctx_new()) {
  REEVE_CHECK(handle_ != nullptr, "libzmq gives a context");
}

Context::~Context() {
  while (zmq_ctx_term(handle_) != 0 && errno == EINTR)
    continue;
}

SocketHandle::SocketHandle(SocketHandle&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}

SocketHandle& SocketHandle::operator=(SocketHandle&& other) noexcept {
  std::swap(raw_, other.raw_);
  return *this;
}

SocketHandle::~SocketHandle() {
  if (raw_ != nullptr) zmq_close(raw_);
}

Result<ServerSocket> ServerSocket::bind(Context& context, const std::string& host, std::uint16_t port,
                                        const TransportPair& key, const SocketSettings& settings) {
  ServerSocket server;
  server.socket_ = SocketHandle(zmq_socket(context.handle(), ZMQ_ROUTER));
  void* socket = server.raw();
  if (socket == nullptr)
    return Error{ErrorCode::kExhausted, std::string("no socket: ") + zmq_strerror(errno), "raise ulimit -n"};
  set_common(socket, settings);
  set_option(socket, ZMQ_ROUTER_MANDATORY, 1);
  set_option(socket, ZMQ_CURVE_SERVER, 1);
  set_bytes(socket, ZMQ_CURVE_SECRETKEY, key.secret().bytes());
  set_bytes(socket, ZMQ_ZAP_DOMAIN, as_bytes(kZapDomain));
  const std::string place = endpoint(host, port == 0 ? "*" : std::to_string(port));
  if (zmq_bind(socket, place.c_str()) != 0) return bind_error(errno, host, port);
  server.port_ = bound_port(socket);
  return server;
}

std::optional<Received> ServerSocket::try_receive() {
  Received received;
  for (;;) {
    Frame peer;
    if (!peer.receive(raw(), ZMQ_DONTWAIT)) return std::nullopt;
    Frame payload;
    if (!peer.more() || !payload.receive(raw(), ZMQ_DONTWAIT)) continue;
    const bool single = !payload.more();
    const char* user = payload.property("User-Id");
    // Without a ZAP handler libzmq lets everybody in, but without a user id: they are not heard.
    const bool known = user != nullptr && from_hex(user, received.key.bytes);
    if (single && known) {
      received.peer.assign(peer.text());
      received.payload = std::move(payload);
      return received;
    }
    drop_rest(raw(), payload);
  }
}

std::optional<Received> ServerSocket::receive(Duration timeout) {
  if (auto received = try_receive()) return received;
  if (!wait_for(raw(), ZMQ_POLLIN, timeout)) return std::nullopt;
  return try_receive();
}

Sent ServerSocket::send(const RoutingId& peer, ByteView payload) {
  return send(peer, Frame::copy_of(payload));
}

Sent ServerSocket::send(const RoutingId& peer, Frame payload) {
  while (zmq_send(raw(), peer.data(), peer.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
    if (errno == EINTR) continue;
    REEVE_CHECK(errno == EAGAIN || errno == EHOSTUNREACH, "a server's socket sends");
    return errno == EAGAIN ? Sent::kFull : Sent::kGone;
  }
  // The first part found room for the message; the rest cannot fail for want of it.
  while (!payload.send(raw(), ZMQ_DONTWAIT)) {
    REEVE_CHECK(errno == EINTR || errno == EAGAIN, "the second part of a message follows the first");
    if (errno == EAGAIN) return Sent::kGone;
  }
  return Sent::kSent;
}

Result<ClientSocket> ClientSocket::connect(Context& context, const std::string& host, std::uint16_t port,
                                           const TransportKey& server, const TransportPair& key,
                                           const SocketSettings& settings) {
  static std::atomic<std::uint64_t> monitors{0};
  ClientSocket client;
  client.socket_ = SocketHandle(zmq_socket(context.handle(), ZMQ_DEALER));
  client.monitor_ = SocketHandle(zmq_socket(context.handle(), ZMQ_PAIR));
  void* socket = client.raw();
  if (socket == nullptr || client.raw_events() == nullptr)
    return Error{ErrorCode::kExhausted, std::string("no socket: ") + zmq_strerror(errno), "raise ulimit -n"};
  set_common(socket, settings);
  set_option(socket, ZMQ_IMMEDIATE, 1);
  set_option(socket, ZMQ_RECONNECT_IVL, milliseconds_of(settings.reconnect));
  set_option(socket, ZMQ_RECONNECT_IVL_MAX, milliseconds_of(settings.reconnect_longest));
  set_bytes(socket, ZMQ_CURVE_SERVERKEY, server.bytes);
  set_bytes(socket, ZMQ_CURVE_PUBLICKEY, key.public_key().bytes);
  set_bytes(socket, ZMQ_CURVE_SECRETKEY, key.secret().bytes());
  const std::string events = "inproc://reeve-link-" + std::to_string(++monitors);
  const int wanted = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                     ZMQ_EVENT_DISCONNECTED;
  set_option(client.raw_events(), ZMQ_LINGER, 0);
  set_option(client.raw_events(), ZMQ_RCVHWM, 0);  // nor may it wait for an owner who does not look
  REEVE_CHECK(zmq_socket_monitor(socket, events.c_str(), wanted) == 0 &&
                  zmq_connect(client.raw_events(), events.c_str()) == 0,
              "a new socket can be watched");
  if (zmq_connect(socket, endpoint(host, std::to_string(port)).c_str()) != 0) {
    return Error{ErrorCode::kInvalid,
                 "'" + host + ":" + std::to_string(port) + "' is no address to connect to",
                 "give a host name or an IP address, and a port"};
  }
  return client;
}

/// The watching ends first: libzmq's thread would wait for ever to tell of a connection's end where nobody
/// listens any more, and with it every other socket of the context.
ClientSocket::~ClientSocket() {
  if (socket_.raw() != nullptr) zmq_socket_monitor(socket_.raw(), nullptr, 0);
}

std::optional<Frame> ClientSocket::try_receive() {
  for (;;) {
    Frame payload;
    if (!payload.receive(raw(), ZMQ_DONTWAIT)) return std::nullopt;
    if (!payload.more()) return payload;
    drop_rest(raw(), payload);
  }
}

std::optional<Frame> ClientSocket::receive(Duration timeout) {
  if (auto received = try_receive()) return received;
  if (!wait_for(raw(), ZMQ_POLLIN, timeout)) return std::nullopt;
  return try_receive();
}

Sent ClientSocket::send(ByteView payload) {
  return send(Frame::copy_of(payload));
}

Sent ClientSocket::send(Frame payload) {
  return try_send(payload);
}

Sent ClientSocket::send(ByteView payload, Duration timeout) {
  Frame frame = Frame::copy_of(payload);
  return send(frame, timeout);
}

Sent ClientSocket::send(Frame& payload, Duration timeout) {
  if (try_send(payload) == Sent::kSent) return Sent::kSent;
  if (!wait_for(raw(), ZMQ_POLLOUT, timeout)) return Sent::kFull;
  return try_send(payload);
}

Sent ClientSocket::try_send(Frame& payload) {
  while (!payload.send(raw(), ZMQ_DONTWAIT)) {
    if (errno == EINTR) continue;
    REEVE_CHECK(errno == EAGAIN, "a client's socket sends");
    return Sent::kFull;
  }
  return Sent::kSent;
}

std::optional<LinkEvent> ClientSocket::try_event() {
  // Two parts: 16 bits of event and 32 of detail, then the endpoint.
  Frame event;
  if (!event.receive(raw_events(), ZMQ_DONTWAIT)) return std::nullopt;
  const ByteView bytes = event.bytes();
  REEVE_CHECK(bytes.size() == 6, "libzmq's monitor events have six bytes");
  std::uint16_t code = 0;
  std::copy_n(bytes.data(), sizeof code, reinterpret_cast<std::uint8_t*>(&code));
  drop_rest(raw_events(), event);
  if (code == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return LinkEvent::kConnected;
  if (code == ZMQ_EVENT_DISCONNECTED) return LinkEvent::kDisconnected;
  return LinkEvent::kRefused;
}

std::optional<LinkEvent> ClientSocket::wait_event(Duration timeout) {
  if (auto event = try_event()) return event;
  if (!wait_for(raw_events(), ZMQ_POLLIN, timeout)) return std::nullopt;
  return try_event();
}

}  // namespace reeve::net
