#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "protocol/bytes.h"
#include "protocol/keys.h"
#include "protocol/result.h"
#include "protocol/units.h"

/// Sockets between Reeve's programs: ZeroMQ ROUTER and DEALER over tcp, always under CURVE. A socket is used
/// by one thread at a time.
namespace reeve::net {

/// libzmq's I/O thread and its inproc name space. Outlives its sockets; the last goodbye waits for them.
class Context {
 public:
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void* handle() const { return handle_; }

 private:
  void* handle_;
};

/// Bounds and timings that both ends share.
struct SocketSettings {
  std::size_t max_message_bytes = 0;        // received; whoever sends more is dropped
  int send_queue_messages = 1000;           // to one peer, before send() says that it is slow
  int receive_queue_messages = 1000;        // from one peer, before TCP holds it back
  Duration heartbeat = seconds(5);          // silence for three of these ends a connection
  Duration linger = milliseconds(500);      // how long a closing socket still sends
  Duration handshake = seconds(10);         // a peer that has not authenticated by then is dropped
  Duration reconnect = milliseconds(100);   // clients: first pause, with jitter,
  Duration reconnect_longest = seconds(5);  // doubling up to this
};

/// One libzmq socket, closed when it goes.
class SocketHandle {
 public:
  SocketHandle() = default;
  explicit SocketHandle(void* raw) : raw_(raw) {}
  SocketHandle(SocketHandle&& other) noexcept;
  SocketHandle& operator=(SocketHandle&& other) noexcept;
  ~SocketHandle();
  void* raw() const { return raw_; }

 private:
  void* raw_ = nullptr;
};

/// One part of a message where libzmq holds it: what came is read there, and what goes is written there, so
/// neither is copied. Its bytes are aligned as 64-bit words are, but for the shortest.
class Frame {
 public:
  /// Empty: to receive into.
  Frame();
  /// To be filled: its bytes may hold anything.
  explicit Frame(std::size_t size_bytes);
  static Frame copy_of(ByteView bytes);
  Frame(Frame&& other) noexcept;
  Frame& operator=(Frame&& other) noexcept;
  ~Frame();

  std::size_t size() const { return bytes().size(); }
  ByteView bytes() const;
  std::span<std::uint8_t> writable();
  operator ByteView() const { return bytes(); }  // NOLINT(google-explicit-constructor): it is bytes
  std::string_view text() const;
  /// True if it is not its message's last.
  bool more() const;
  /// A property of the connection, or nullptr.
  const char* property(const char* name) const;
  /// False if nothing came.
  bool receive(void* socket, int flags);
  /// As zmq_msg_send: then it is empty, else as it was.
  bool send(void* socket, int flags);

 private:
  alignas(8) mutable std::array<std::byte, 64> message_;  // zmq_msg_t, asserted in socket.cpp
};

/// Names a connection for as long as it lasts; libzmq chooses it.
using RoutingId = std::string;

struct Received {
  RoutingId peer;
  TransportKey key;  // what the peer proved to have, by CURVE and ZAP
  Frame payload;
};

enum class Sent {
  kSent,
  kGone,  // no such connection any more
  kFull,  // the peer does not keep up, or (client) there is no connection now
};

/// The region's end. Needs a ZapHandler in the same context (zap.h): without one nobody is heard.
class ServerSocket {
 public:
  /// `port` 0 takes any free one. kConflict names a port in use; kIo an address that is not this machine's.
  static Result<ServerSocket> bind(Context& context, const std::string& host, std::uint16_t port,
                                   const TransportPair& key, const SocketSettings& settings);

  std::uint16_t port() const { return port_; }
  /// The next message, if one is there.
  std::optional<Received> try_receive();
  /// Waits for one; may give nothing sooner, where what came was not worth hearing.
  std::optional<Received> receive(Duration timeout);
  /// Never waits.
  Sent send(const RoutingId& peer, ByteView payload);
  Sent send(const RoutingId& peer, Frame payload);
  void* raw() const { return socket_.raw(); }

 private:
  SocketHandle socket_;
  std::uint16_t port_ = 0;
};

/// What became of a client's connection.
enum class LinkEvent {
  kConnected,     // the server proved its key and let this one in
  kDisconnected,  // libzmq connects again by itself
  kRefused,       // the server is another one than its key says, or does not want this key
};

/// An agent's or a requester's end. Nothing is queued while there is no connection: what was meant for the
/// last one is never sent on the next.
class ClientSocket {
 public:
  static Result<ClientSocket> connect(Context& context, const std::string& host, std::uint16_t port,
                                      const TransportKey& server, const TransportPair& key,
                                      const SocketSettings& settings);

  std::optional<Frame> try_receive();
  std::optional<Frame> receive(Duration timeout);
  /// Never waits: kSent, or kFull.
  Sent send(ByteView payload);
  Sent send(Frame payload);
  /// Waits for a connection and room.
  Sent send(ByteView payload, Duration timeout);
  /// The same; the frame is empty once it is sent, else as it was.
  Sent send(Frame& payload, Duration timeout);
  /// The next thing that happened to the connection, if any.
  std::optional<LinkEvent> try_event();
  std::optional<LinkEvent> wait_event(Duration timeout);
  void* raw() const { return socket_.raw(); }
  /// Readable when try_event() has something.
  void* raw_events() const { return monitor_.raw(); }

  ClientSocket(ClientSocket&&) noexcept = default;
  ClientSocket& operator=(ClientSocket&&) noexcept = default;
  ~ClientSocket();

 private:
  ClientSocket() = default;
  Sent try_send(Frame& payload);

  SocketHandle monitor_;
  SocketHandle socket_;
};

}  // namespace reeve::net
