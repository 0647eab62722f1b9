#include "client/socket_transport.h"

#include <algorithm>
#include <chrono>

#include "client/process.h"
#include "protocol/limits.h"
#include "protocol/socket.h"
#include "protocol/wire.h"

namespace reeve::client {
namespace {

constexpr Duration kSlice = milliseconds(100);  // Ctrl-C is noticed this soon

Duration now() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

/// One socket and the words that travel on it.
template <class Message>
class SocketPipe : public MessagePipe<Message> {
 public:
  using Encode = net::Frame (*)(const Message&);
  using Decode = Result<Message> (*)(ByteView);
  struct Words {
    Encode encode;
    Decode decode;
  };

  SocketPipe(std::shared_ptr<net::Context> context, net::ClientSocket socket, RegionAddress region,
             Duration patience, Words words)
      : context_(std::move(context)),
        socket_(std::move(socket)),
        region_(std::move(region)),
        patience_(patience),
        words_(words) {}

  Result<void> send(const Message& message) override {
    net::Frame frame = words_.encode(message);
    const Duration started = now();
    while (now().ns - started.ns < patience_.ns) {
      if (interrupted()) return Error{ErrorCode::kTimeout, "interrupted", ""};
      if (socket_.send(frame, kSlice) == net::Sent::kSent) return {};
      while (auto event = socket_.try_event()) {
        if (*event == net::LinkEvent::kRefused) return refused();
      }
    }
    return Error{
        ErrorCode::kUnreachable, "no region answers at " + endpoint_text(region_),
        "check that it is served (`reeve region serve DIR`) and that its port is reachable from here"};
  }

  Result<std::optional<Message>> receive(Duration wait) override {
    const auto bytes = socket_.receive(wait);
    if (!bytes) return std::optional<Message>{};
    auto message = words_.decode(*bytes);
    if (!message)
      return Error{ErrorCode::kCorrupt, "the region said what is no message: " + message.error().message,
                   "check that both sides are of the same version"};
    return std::optional<Message>(std::move(*message));
  }

 private:
  Error refused() const {
    return {ErrorCode::kNotAllowed,
            "what listens at " + endpoint_text(region_) +
                " has another key than the invitation or login names, or turns ours away",
            "ask the region's operator for a fresh invitation, and take it up from another --home DIR"};
  }

  std::shared_ptr<net::Context> context_;  // outlives the socket
  net::ClientSocket socket_;
  RegionAddress region_;
  Duration patience_;
  Words words_;
};

template <class Message>
Result<std::unique_ptr<MessagePipe<Message>>> open_pipe(const std::shared_ptr<net::Context>& context,
                                                        const Connector::Target& target,
                                                        std::size_t most_bytes,
                                                        typename SocketPipe<Message>::Words words) {
  net::SocketSettings settings;
  settings.max_message_bytes = most_bytes;
  auto socket = net::ClientSocket::connect(*context, target.region.host, target.region.port,
                                           target.region.server, target.keys, settings);
  if (!socket) return socket.error();
  std::unique_ptr<MessagePipe<Message>> pipe = std::make_unique<SocketPipe<Message>>(
      context, std::move(*socket), target.region, target.patience, words);
  return pipe;
}

net::Frame control_frame(const msg::Message& message) {
  return net::Frame::copy_of(wire::encode(message));
}

/// A chunk's data is copied once.
net::Frame bulk_frame(const bulk::Message& message) {
  const auto* chunk = std::get_if<bulk::Chunk>(&message.body);
  if (chunk == nullptr) return net::Frame::copy_of(bulk::encode(message));
  net::Frame frame(bulk::chunk_message_bytes(chunk->data.size()));
  const auto data = bulk::lay_out_chunk({message.transfer, chunk->offset, chunk->data.size(), chunk->last},
                                        frame.writable());
  std::copy(chunk->data.begin(), chunk->data.end(), data.begin());
  return frame;
}

}  // namespace

Connector socket_connector() {
  auto context = std::make_shared<net::Context>();
  Connector connector;
  connector.control = [context](const Connector::Target& target) {
    return open_pipe<msg::Message>(context, target, limits::kControlMessageBytes,
                                   {control_frame, wire::decode});
  };
  connector.bulk = [context](const Connector::Target& target) {
    return open_pipe<bulk::Message>(context, target, bulk::kMessageBytes, {bulk_frame, bulk::decode});
  };
  return connector;
}

}  // namespace reeve::client
