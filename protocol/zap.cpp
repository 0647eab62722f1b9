#include "protocol/zap.h"

#include <array>
#include <chrono>
#include <utility>

#include "protocol/socket_parts.h"

namespace reeve::net {
namespace {

constexpr Duration kMinute = seconds(60);

Time steady_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

}  // namespace

void Admission::enrol(const TransportKey& key) {
  const std::lock_guard lock(mutex_);
  standings_[key] = Standing::kEnrolled;
}

void Admission::revoke(const TransportKey& key) {
  const std::lock_guard lock(mutex_);
  standings_[key] = Standing::kRevoked;
}

void Admission::forget(const TransportKey& key) {
  const std::lock_guard lock(mutex_);
  standings_.erase(key);
}

bool Admission::admit(const TransportKey& key, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = standings_.find(key);
  if (found != standings_.end()) return found->second == Standing::kEnrolled;
  if (now - minute_began_ >= kMinute) {
    minute_began_ = now;
    strangers_ = 0;
  }
  if (strangers_ >= strangers_per_minute_) return false;
  ++strangers_;
  return true;
}

Result<std::unique_ptr<ZapHandler>> ZapHandler::start(Context& context,
                                                      std::shared_ptr<Admission> admission) {
  SocketHandle socket(zmq_socket(context.handle(), ZMQ_REP));
  REEVE_CHECK(socket.raw() != nullptr, "libzmq gives a socket for ZAP");
  set_option(socket.raw(), ZMQ_LINGER, 0);
  if (zmq_bind(socket.raw(), "inproc://zeromq.zap.01") != 0)
    return Error{ErrorCode::kConflict, "this context has a ZAP handler already", ""};
  return std::unique_ptr<ZapHandler>(new ZapHandler(std::move(socket), std::move(admission)));
}

ZapHandler::ZapHandler(SocketHandle socket, std::shared_ptr<Admission> admission)
    : socket_(std::move(socket)), admission_(std::move(admission)), thread_([this] { run(); }) {}

ZapHandler::~ZapHandler() {
  stop_.wake();
  thread_.join();
}

void ZapHandler::run() {
  Poller poller;
  const auto asked = poller.watch(socket_.raw());
  const auto stopped = poller.watch(stop_);
  for (;;) {
    poller.wait(seconds(3600));
    if (poller.ready(stopped)) return;
    if (poller.ready(asked)) answer();
  }
}

void ZapHandler::answer() {
  // Version, request id, domain, address, identity, mechanism, then the mechanism's credentials: CURVE has
  // one, the key.
  std::array<Frame, 7> parts;
  std::size_t count = 0;
  while (count < parts.size() && parts[count].receive(socket_.raw(), ZMQ_DONTWAIT))
    if (!parts[count++].more()) break;
  if (count == 0) return;
  Frame excess;
  while (count == parts.size() && (parts.back().more() || excess.more()))
    if (!excess.receive(socket_.raw(), ZMQ_DONTWAIT) || !excess.more()) break;
  TransportKey key;
  bool welcome = count == parts.size() && !parts.back().more() && parts[0].text() == "1.0" &&
                 parts[2].text() == kZapDomain && parts[5].text() == "CURVE" &&
                 parts[6].bytes().size() == key.bytes.size();
  if (welcome) {
    std::copy_n(parts[6].bytes().data(), key.bytes.size(), key.bytes.data());
    welcome = admission_->admit(key, steady_now());
  }
  const auto say = [&](std::string_view text, int flags) {
    zmq_send(socket_.raw(), text.data(), text.size(), flags);
  };
  // Version, request id, status, reason, user id, metadata. The user id is what ServerSocket reads the key
  // from.
  const std::string user = welcome ? to_hex(key.bytes) : std::string();
  say("1.0", ZMQ_SNDMORE);
  say(count > 1 ? parts[1].text() : std::string_view(), ZMQ_SNDMORE);
  say(welcome ? "200" : "400", ZMQ_SNDMORE);
  say(welcome ? "" : "this key is not let in", ZMQ_SNDMORE);
  say(user, ZMQ_SNDMORE);
  say("", 0);
}

}  // namespace reeve::net
