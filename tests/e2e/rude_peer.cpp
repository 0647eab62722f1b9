// A peer that holds a valid key and no manners: says truncated, garbage and oversized things on the control
// and the bulk socket of a region, and then asks politely whether the region is still there.
//
//   reeve-rude-peer HOST:PORT SERVER_KEY [TRANSPORT_KEY_FILE]     without a key file: as a stranger
//
// Exits with 0 if every rudeness cost its sender alone.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>

#include "protocol/bulk.h"
#include "protocol/key_files.h"
#include "protocol/limits.h"
#include "protocol/socket.h"
#include "protocol/wire.h"

namespace reeve {
namespace {

constexpr Duration kPatience = seconds(10);
constexpr int kTimes = 3;  // a region bears no more bad messages of one connection

struct Place {
  std::string host;
  std::uint16_t port = 0;
  TransportKey server;
  TransportPair key;
  bool enrolled = false;
};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "rude_peer: %s\n", why.c_str());
  std::exit(1);
}

net::ClientSocket connect(net::Context& context, const Place& place, bool bulk) {
  net::SocketSettings settings;
  settings.max_message_bytes = limits::kControlMessageBytes;
  const auto port = static_cast<std::uint16_t>(place.port + (bulk ? 1 : 0));
  auto socket = net::ClientSocket::connect(context, place.host, port, place.server, place.key, settings);
  if (!socket) give_up(socket.error().message);
  if (socket.value().wait_event(kPatience) != net::LinkEvent::kConnected)
    give_up("no connection to port " + std::to_string(port));
  return std::move(socket).value();
}

/// The next message that `wanted` takes; false if the connection ended or nothing came.
template <class Decode, class Wanted>
bool await(net::ClientSocket& socket, Decode decode, Wanted wanted) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(kPatience.ns);
  while (std::chrono::steady_clock::now() < end) {
    if (const auto bytes = socket.receive(milliseconds(50))) {
      auto message = decode(*bytes);
      if (!message) give_up("the region said what is no message: " + message.error().message);
      if (wanted(*message)) return true;
    }
    if (socket.try_event() == net::LinkEvent::kDisconnected) return false;
  }
  return false;
}

template <class T>
bool await_control(net::ClientSocket& socket) {
  return await(socket, wire::decode, [](const msg::Message& m) { return std::holds_alternative<T>(m); });
}

Bytes garbage(std::size_t size) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(size));
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(random());
  return bytes;
}

Bytes cut(const Bytes& whole, std::size_t tenths) {
  return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() * tenths / 10)};
}

const msg::Hello kHello{limits::kProtocolOldest, limits::kProtocolNewest, "rude-peer"};

net::ClientSocket greeted(net::Context& context, const Place& place) {
  net::ClientSocket socket = connect(context, place, false);
  socket.send(wire::encode(kHello), kPatience);
  if (!await_control<msg::Welcome>(socket)) give_up("a hello got no welcome");
  return socket;
}

/// Three times the same nonsense ends the conversation, with a word why.
void be_rude_on_control(net::Context& context, const Place& place, const char* what, const Bytes& payload) {
  net::ClientSocket socket = place.enrolled ? greeted(context, place) : connect(context, place, false);
  for (int i = 0; i < kTimes; ++i)
    socket.send(payload, kPatience);
  if (!await_control<msg::Goodbye>(socket)) give_up(std::string("control: no goodbye after ") + what);
  std::printf("control: %s message: goodbye\n", what);
}

/// Whoever sends more than the bound loses the connection before anything is read.
void send_too_much(net::Context& context, const Place& place, bool bulk, std::size_t size) {
  net::ClientSocket socket = connect(context, place, bulk);
  socket.send(garbage(size), kPatience);
  const auto event = socket.wait_event(kPatience);
  if (event != net::LinkEvent::kDisconnected) give_up("an oversized message did not end its connection");
  std::printf("%s: oversized message: disconnected\n", bulk ? "bulk" : "control");
}

void be_rude_on_bulk(net::Context& context, const Place& place) {
  net::ClientSocket socket = connect(context, place, true);
  const Bytes ask = bulk::encode({1, bulk::GetBlob{Digest{}, 0, 1}});
  for (const Bytes& payload : {Bytes{}, garbage(7), garbage(4096), cut(ask, 5), cut(ask, 9),
                               bulk::encode({2, bulk::Chunk{1U << 30, Bytes(64), true}}),
                               bulk::encode({3, bulk::ChunkAck{~std::uint64_t{0}, ~0U}}),
                               bulk::encode({5, bulk::PutBlob{Digest{}, limits::kBlobBytes + 1}})})
    socket.send(payload, kPatience);
  if (!place.enrolled) return;  // a stranger is not answered
  const auto is_refusal_of = [](std::uint64_t transfer) {
    return [transfer](const bulk::Message& m) {
      const auto* status = std::get_if<bulk::Status>(&m.body);
      return m.transfer == transfer && status && status->error && !status->error->message.empty();
    };
  };
  socket.send(ask, kPatience);
  if (!await(socket, bulk::decode, is_refusal_of(1))) give_up("bulk: no refusal of an unknown blob");
  socket.send(bulk::encode({4, bulk::PutResult{AttemptId(7), {JobId(1), 0}, 0, 64}}), kPatience);
  if (!await(socket, bulk::decode, is_refusal_of(4)))
    give_up("bulk: no refusal of a result that nobody asked for");
  std::printf("bulk: garbage is passed over, what cannot be is refused\n");
}

void be_polite(net::Context& context, const Place& place) {
  net::ClientSocket socket = greeted(context, place);
  if (!place.enrolled) return;
  socket.send(wire::encode(msg::Query{{7}, "/api/v1/jobs?limit=1"}), kPatience);
  if (!await_control<msg::Replies>(socket)) give_up("the region answers no question any more");
  std::printf("the region still answers\n");
}

void visit(const Place& place) {
  net::Context context;
  const Bytes hello = wire::encode(kHello);
  const Bytes query = wire::encode(msg::Query{{9}, "/api/v1/jobs"});
  be_rude_on_control(context, place, "an empty", {});
  be_rude_on_control(context, place, "a garbage", garbage(64));
  be_rude_on_control(context, place, "a large garbage", garbage(limits::kControlMessageBytes));
  be_rude_on_control(context, place, "a truncated", cut(hello, 5));
  be_rude_on_control(context, place, "a truncated question", cut(query, 9));
  send_too_much(context, place, false, limits::kControlMessageBytes + 4096);
  be_rude_on_bulk(context, place);
  send_too_much(context, place, true, bulk::kMessageBytes + 4096);
  be_polite(context, place);
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) {
  using namespace reeve;
  if (argc < 3) give_up("usage: reeve-rude-peer HOST:PORT SERVER_KEY [TRANSPORT_KEY_FILE]");
  const std::string where = argv[1];
  const std::size_t colon = where.rfind(':');
  Place place{where.substr(0, colon),
              static_cast<std::uint16_t>(std::stoi(where.substr(colon + 1))),
              {},
              TransportPair::create(),
              argc > 3};
  if (!from_hex(argv[2], place.server.bytes)) give_up("SERVER_KEY is 64 hexadecimal digits");
  if (place.enrolled) {
    auto key = load_transport(argv[3]);
    if (!key) give_up(key.error().message);
    place.key = *key;
  }
  visit(place);
  return 0;
}
