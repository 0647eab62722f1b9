#include "protocol/socket.h"

#include <gtest/gtest.h>
#include <zmq.h>

#include <thread>

#include "protocol/poll.h"
#include "protocol/zap.h"

namespace reeve::net {
namespace {

constexpr Duration kSoon = seconds(10);         // a bound for what must happen
constexpr Duration kNever = milliseconds(300);  // a while in which something must not happen
constexpr std::size_t kLongest = 100'000;

SocketSettings settings() {
  SocketSettings settings;
  settings.max_message_bytes = kLongest;
  settings.reconnect = milliseconds(20);
  settings.reconnect_longest = milliseconds(100);
  return settings;
}

Bytes bytes(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

std::string heard(ClientSocket& socket) {
  const std::optional<Frame> frame = socket.receive(kSoon);
  return frame ? std::string(frame->text()) : "(nothing)";
}

class Sockets : public testing::Test {
 protected:
  void SetUp() override {
    auto zap = ZapHandler::start(context_, admission_);
    ASSERT_TRUE(zap.ok());
    zap_ = std::move(*zap);
    auto server = ServerSocket::bind(context_, "127.0.0.1", 0, server_key_, settings());
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_.emplace(std::move(*server));
  }
  ClientSocket client(const TransportPair& key, const TransportKey& server) {
    auto client = ClientSocket::connect(context_, "127.0.0.1", server_->port(), server, key, settings());
    EXPECT_TRUE(client.ok());
    return std::move(*client);
  }
  ClientSocket client(const TransportPair& key) { return client(key, server_key_.public_key()); }

  // The first thing told of a connection besides that it went.
  static std::optional<LinkEvent> verdict(ClientSocket& client) {
    for (int i = 0; i < 100; ++i) {
      const auto event = client.wait_event(kSoon);
      if (event != LinkEvent::kDisconnected) return event;
    }
    return std::nullopt;
  }

  Context context_;
  std::shared_ptr<Admission> admission_ = std::make_shared<Admission>(1000);
  TransportPair server_key_ = TransportPair::create();
  std::unique_ptr<ZapHandler> zap_;
  std::optional<ServerSocket> server_;
};

TEST_F(Sockets, ClosingOneWhileItsConnectionComesAndGoesHoldsUpNoOther) {
  const auto key = TransportPair::create();
  admission_->enrol(key.public_key());
  Context agents;  // whose thread must stay free
  SocketSettings hasty = settings();
  hasty.reconnect = milliseconds(1);
  const std::uint16_t port = server_->port();
  for (int i = 0; i < 300; ++i) {
    auto connected = ClientSocket::connect(agents, "127.0.0.1", port, server_key_.public_key(), key, hasty);
    ASSERT_TRUE(connected.ok());
    std::optional<ClientSocket> agent(std::move(*connected));
    ASSERT_EQ(verdict(*agent), LinkEvent::kConnected) << "after " << i << " others were closed";
    server_.reset();
    for (int again = 0; again < 1000 && !server_; ++again) {  // libzmq gives the port back a little later
      auto server = ServerSocket::bind(context_, "127.0.0.1", port, server_key_, settings());
      if (server.ok()) server_.emplace(std::move(*server));
      std::this_thread::sleep_for(std::chrono::milliseconds(server_ ? 0 : 1));
    }
    ASSERT_TRUE(server_.has_value());
    ASSERT_EQ(agent->wait_event(kSoon), LinkEvent::kDisconnected);
    std::this_thread::sleep_for(std::chrono::microseconds(i % 100 * 30));
  }
}

TEST_F(Sockets, AnEnrolledKeyGetsInAndIsKnownByIt) {
  const auto key = TransportPair::create();
  admission_->enrol(key.public_key());
  auto agent = client(key);
  ASSERT_EQ(agent.send(bytes("hello"), kSoon), Sent::kSent);
  const auto received = server_->receive(kSoon);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->key, key.public_key());
  EXPECT_EQ(received->payload.text(), "hello");
  EXPECT_EQ(server_->send(received->peer, bytes("welcome")), Sent::kSent);
  EXPECT_EQ(heard(agent), "welcome");
  EXPECT_EQ(verdict(agent), LinkEvent::kConnected);
}

TEST_F(Sockets, AFrameThatFindsNoConnectionIsAsItWas) {
  const auto key = TransportPair::create();
  auto nobody = client(key, TransportPair::create().public_key());
  Frame frame = Frame::copy_of(bytes("a word that is long enough to lie in memory of its own"));
  EXPECT_EQ(nobody.send(frame, kNever), Sent::kFull);
  EXPECT_EQ(frame.text(), "a word that is long enough to lie in memory of its own");
  admission_->enrol(key.public_key());
  auto agent = client(key);
  EXPECT_EQ(agent.send(frame, kSoon), Sent::kSent);
  EXPECT_EQ(frame.size(), 0U);
  const auto received = server_->receive(kSoon);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->payload.text(), "a word that is long enough to lie in memory of its own");
}

TEST_F(Sockets, AServerWithAnotherKeyIsNotSpokenTo) {
  auto agent = client(TransportPair::create(), TransportPair::create().public_key());
  EXPECT_EQ(agent.send(bytes("secret"), kNever), Sent::kFull);
  EXPECT_FALSE(server_->receive(kNever));
  EXPECT_EQ(verdict(agent), LinkEvent::kRefused);
}

TEST_F(Sockets, ARevokedKeyIsRefused) {
  const auto key = TransportPair::create();
  admission_->revoke(key.public_key());
  auto agent = client(key);
  EXPECT_EQ(agent.send(bytes("hello"), kNever), Sent::kFull);
  EXPECT_FALSE(server_->receive(kNever));
  EXPECT_EQ(verdict(agent), LinkEvent::kRefused);
}

TEST_F(Sockets, AClientWithoutCurveIsNotHeard) {
  SocketHandle plain(zmq_socket(context_.handle(), ZMQ_DEALER));
  const int linger = 0;
  zmq_setsockopt(plain.raw(), ZMQ_LINGER, &linger, sizeof linger);
  const std::string place = "tcp://127.0.0.1:" + std::to_string(server_->port());
  ASSERT_EQ(zmq_connect(plain.raw(), place.c_str()), 0);
  ASSERT_EQ(zmq_send(plain.raw(), "hello", 5, 0), 5);
  EXPECT_FALSE(server_->receive(kNever));
}

TEST_F(Sockets, WithoutAHandlerNobodyIsHeard) {
  Context bare;
  auto server = ServerSocket::bind(bare, "127.0.0.1", 0, server_key_, settings());
  ASSERT_TRUE(server.ok());
  auto agent = ClientSocket::connect(bare, "127.0.0.1", server->port(), server_key_.public_key(),
                                     TransportPair::create(), settings());
  ASSERT_TRUE(agent.ok());
  ASSERT_EQ(agent->send(bytes("hello"), kSoon), Sent::kSent);
  EXPECT_FALSE(server->receive(kNever));
}

TEST_F(Sockets, AnOversizedMessageCostsItsSenderAlone) {
  auto good = client(TransportPair::create());
  auto bad = client(TransportPair::create());
  ASSERT_EQ(good.send(bytes("1"), kSoon), Sent::kSent);
  ASSERT_TRUE(server_->receive(kSoon));
  ASSERT_EQ(verdict(bad), LinkEvent::kConnected);
  ASSERT_EQ(bad.send(Bytes(kLongest + 100), kSoon), Sent::kSent);
  EXPECT_EQ(bad.wait_event(kSoon), LinkEvent::kDisconnected);
  EXPECT_FALSE(server_->try_receive());
  ASSERT_EQ(good.send(Bytes(kLongest, 7), kSoon), Sent::kSent);
  const auto received = server_->receive(kSoon);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->payload.text(), std::string(kLongest, 7)) << "the longest allowed still passes";
}

TEST_F(Sockets, AMessageOfSeveralPartsIsDroppedAndTheNextIsRead) {
  auto agent = client(TransportPair::create());
  ASSERT_EQ(agent.send(bytes("first"), kSoon), Sent::kSent);
  ASSERT_GE(zmq_send(agent.raw(), "a", 1, ZMQ_SNDMORE), 0);
  ASSERT_GE(zmq_send(agent.raw(), "b", 1, 0), 0);
  ASSERT_EQ(agent.send(bytes("last"), kSoon), Sent::kSent);
  EXPECT_EQ(server_->receive(kSoon)->payload.text(), "first");
  const auto next = server_->receive(kSoon);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->payload.text(), "last");
}

TEST_F(Sockets, AGonePeerIsTold) {
  EXPECT_EQ(server_->send("nobody", bytes("x")), Sent::kGone);
  RoutingId peer;
  {
    auto agent = client(TransportPair::create());
    ASSERT_EQ(agent.send(bytes("hello"), kSoon), Sent::kSent);
    peer = server_->receive(kSoon)->peer;
  }
  Sent sent = Sent::kSent;
  for (int i = 0; i < 1000 && sent == Sent::kSent; ++i) {
    sent = server_->send(peer, bytes("x"));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(sent, Sent::kGone);
}

TEST_F(Sockets, APeerThatDoesNotReadFillsItsOwnQueueOnly) {
  auto slow = client(TransportPair::create());
  auto quick = client(TransportPair::create());
  ASSERT_EQ(slow.send(bytes("slow"), kSoon), Sent::kSent);
  const RoutingId slow_peer = server_->receive(kSoon)->peer;
  ASSERT_EQ(quick.send(bytes("quick"), kSoon), Sent::kSent);
  const RoutingId quick_peer = server_->receive(kSoon)->peer;
  Sent sent = Sent::kSent;
  const Bytes large(kLongest, 1);
  for (int i = 0; i < 10'000 && sent == Sent::kSent; ++i)
    sent = server_->send(slow_peer, large);
  EXPECT_EQ(sent, Sent::kFull);
  EXPECT_EQ(server_->send(quick_peer, bytes("you")), Sent::kSent);
  EXPECT_EQ(heard(quick), "you");
}

TEST_F(Sockets, AClientFindsARestartedServerAgain) {
  const auto key = TransportPair::create();
  auto agent = client(key);
  ASSERT_EQ(verdict(agent), LinkEvent::kConnected);
  const std::uint16_t port = server_->port();
  server_.reset();
  ASSERT_EQ(agent.wait_event(kSoon), LinkEvent::kDisconnected);
  (void)agent.send(bytes("for the last connection"));
  for (int i = 0; i < 100 && !server_; ++i) {
    auto again = ServerSocket::bind(context_, "127.0.0.1", port, server_key_, settings());
    if (again.ok())
      server_.emplace(std::move(*again));
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(server_);
  EXPECT_EQ(verdict(agent), LinkEvent::kConnected);
  ASSERT_EQ(agent.send(bytes("back"), kSoon), Sent::kSent);
  const auto received = server_->receive(kSoon);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->payload.text(), "back") << "what was meant for the last connection is gone";
}

TEST_F(Sockets, APortInUseIsNamedWithARemedy) {
  const auto second = ServerSocket::bind(context_, "127.0.0.1", server_->port(), server_key_, settings());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find(std::to_string(server_->port())), std::string::npos);
  EXPECT_FALSE(second.error().hint.empty());
  EXPECT_EQ(ServerSocket::bind(context_, "192.0.2.1", 0, server_key_, settings()).error().code,
            ErrorCode::kIo);
}

TEST_F(Sockets, APollerWakesForSocketsAndWakeups) {
  Wakeup wakeup;
  Poller poller;
  const auto socket_slot = poller.watch(server_->raw());
  const auto wakeup_slot = poller.watch(wakeup);
  EXPECT_FALSE(poller.wait(milliseconds(1)));
  std::thread waker([&] { wakeup.wake(); });
  EXPECT_TRUE(poller.wait(kSoon));
  waker.join();
  EXPECT_TRUE(poller.ready(wakeup_slot));
  EXPECT_FALSE(poller.ready(socket_slot));
  wakeup.clear();
  EXPECT_FALSE(poller.wait(milliseconds(1)));
  auto agent = client(TransportPair::create());
  ASSERT_EQ(agent.send(bytes("x"), kSoon), Sent::kSent);
  EXPECT_TRUE(poller.wait(kSoon));
  EXPECT_TRUE(server_->receive(kSoon));
}

TEST(Admission, StrangersAreBoundedPerMinuteAndTheEnrolledAreNot) {
  Admission admission(2);
  const auto enrolled = TransportPair::create().public_key();
  admission.enrol(enrolled);
  const auto stranger = [] { return TransportPair::create().public_key(); };
  EXPECT_TRUE(admission.admit(stranger(), {0}));
  EXPECT_TRUE(admission.admit(stranger(), {0}));
  EXPECT_FALSE(admission.admit(stranger(), Time{} + seconds(59)));
  EXPECT_TRUE(admission.admit(enrolled, Time{} + seconds(59)));
  EXPECT_TRUE(admission.admit(stranger(), Time{} + seconds(60)));
}

TEST(Admission, RevokedStaysOutUntilForgotten) {
  Admission admission(0);
  const auto key = TransportPair::create().public_key();
  admission.enrol(key);
  EXPECT_TRUE(admission.admit(key, {0}));
  admission.revoke(key);
  EXPECT_FALSE(admission.admit(key, {0}));
  admission.forget(key);
  EXPECT_FALSE(admission.admit(key, {0})) << "a stranger now, and no strangers are let in";
}

}  // namespace
}  // namespace reeve::net
