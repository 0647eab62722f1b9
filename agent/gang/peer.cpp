#include "agent/gang/peer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "agent/gang/endpoint.h"

namespace reeve::agent::gang {
namespace {

/// Beyond this much that waits for one member, packets are dropped: their connection slows down.
constexpr std::size_t kWaitingBytes = 2U << 20;
constexpr std::size_t kReadBytes = 256U << 10;
/// A member whose machine is gone says nothing: it is lost after this long.
constexpr unsigned kSilenceMs = 10'000;
constexpr int kByeMs = 200;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void tune(const Descriptor& connection) {
  const int on = 1;
  const int idle_s = 4;
  const int every_s = 2;
  const int tries = 3;
  setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(connection.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(connection.get(), IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  setsockopt(connection.get(), IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
  setsockopt(connection.get(), IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
  setsockopt(connection.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kSilenceMs, sizeof kSilenceMs);
}

}  // namespace

Peer::Peer(const msg::GangSeat& seat, std::uint32_t other, Descriptor connection)
    : secret_(seat.secret),
      own_(seat.rank),
      other_(other),
      connection_(std::move(connection)),
      begun_ns_(now_ns()) {
  tune(connection_);
}

std::unique_ptr<Peer> Peer::connect(const msg::GangSeat& seat, std::uint32_t to) {
  const auto endpoint = read_endpoint(seat.members[to].endpoint, false);
  if (!endpoint) return nullptr;
  Descriptor connection(socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection.valid()) return nullptr;
  const auto* const where = reinterpret_cast<const sockaddr*>(&endpoint->address);
  if (::connect(connection.get(), where, endpoint->size) != 0 && errno != EINPROGRESS) return nullptr;
  std::unique_ptr<Peer> peer(new Peer(seat, to, std::move(connection)));
  peer->connecting_ = true;
  peer->greeting_ = {seat.lead, seat.rank, to, make_nonce()};
  const auto words = encode_greeting(peer->greeting_);
  peer->out_.assign(words.begin(), words.end());
  return peer;
}

Peer::Peer(const msg::GangSeat& seat, const Greeting& greeting, Descriptor connection)
    : Peer(seat, greeting.from, std::move(connection)) {
  greeting_ = greeting;
  const Nonce answer = make_nonce();
  out_.assign(answer.begin(), answer.end());
  know_both(answer);
}

void Peer::know_both(const Nonce& answer) {
  sealing_.emplace(secret_, greeting_, answer, own_);
  opening_.emplace(secret_, greeting_, answer, other_);
  sealing_->seal(FrameKind::kHello, {}, out_);
  flush();
}

void Peer::on_writable() {
  if (connecting_) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      state_ = State::kOver;
      return;
    }
    connecting_ = false;
  }
  flush();
}

void Peer::flush() {
  while (!connecting_ && sent_ < out_.size() && state_ != State::kOver) {
    const ssize_t n = ::send(connection_.get(), &out_[sent_], out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      if (state_ != State::kSaidBye) state_ = State::kOver;
      out_.clear();
      sent_ = 0;
      return;
    }
    sent_ += static_cast<std::size_t>(n);
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ > kWaitingBytes / 2) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
}

void Peer::send(ByteView packet) {
  if (state_ != State::kUp || out_.size() - sent_ > kWaitingBytes) return;
  sealing_->seal(FrameKind::kPacket, packet, out_);
}

void Peer::say_bye() {
  if (state_ != State::kUp) return;
  sealing_->seal(FrameKind::kBye, {}, out_);
  flush();
  pollfd item{connection_.get(), POLLOUT, 0};
  if (wants_write() && poll(&item, 1, kByeMs) > 0) flush();
}

bool Peer::read_answer() {
  if (opening_) return true;
  Nonce answer;
  if (in_.size() - read_ < answer.size()) return false;
  std::copy_n(in_.begin() + static_cast<std::ptrdiff_t>(read_), answer.size(), answer.begin());
  read_ += answer.size();
  know_both(answer);
  return true;
}

void Peer::open_frames(const std::function<void(ByteView)>& take) {
  static thread_local std::array<std::uint8_t, kFrameBodyBytes + 1> body;
  while (state_ == State::kGreeting || state_ == State::kUp) {
    const auto opened = opening_->open(ByteView(in_).subspan(read_), body);
    // The first frame is a hello and no other is.
    if (!opened ||
        (opened->frame_bytes > 0 && (state_ == State::kGreeting) != (opened->kind == FrameKind::kHello))) {
      state_ = State::kOver;
      return;
    }
    if (opened->frame_bytes == 0) return;
    read_ += opened->frame_bytes;
    if (opened->kind == FrameKind::kHello) state_ = State::kUp;
    if (opened->kind == FrameKind::kBye) state_ = State::kSaidBye;
    if (opened->kind == FrameKind::kPacket) take(ByteView(body).first(opened->body_bytes));
  }
}

void Peer::on_readable(const std::function<void(ByteView)>& take) {
  if (connecting_) return;
  const std::size_t before = in_.size();
  in_.resize(before + kReadBytes);
  const ssize_t n = ::read(connection_.get(), &in_[before], kReadBytes);
  in_.resize(before + (n > 0 ? static_cast<std::size_t>(n) : 0));
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    if (state_ != State::kSaidBye) state_ = State::kOver;
    return;
  }
  if (read_answer()) open_frames(take);
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(read_));
  read_ = 0;
}

}  // namespace reeve::agent::gang
