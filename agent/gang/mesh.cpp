#include "agent/gang/mesh.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "agent/gang/tun.h"
#include "protocol/limits.h"

namespace reeve::agent::gang {
namespace {

/// The others are told of the gang within a moment; one whose machine does not answer costs an attempt each
/// time.
constexpr std::int64_t kRetryNs = 200'000'000;
/// An attempt that has led to nothing by then is given up for another.
constexpr std::int64_t kGreetingNs = 15'000'000'000;
/// Who greets without being a member costs a little memory until then.
constexpr std::size_t kVisitors = 2 * limits::kGangMembers;
/// Packets of one turn: after them the connections have theirs.
constexpr int kPacketsPerTurn = 64;
constexpr int kTickMs = 200;
constexpr std::size_t kIpHeaderBytes = 20;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::uint32_t number_at(ByteView packet, std::size_t at) {
  return std::uint32_t{packet[at]} << 24 | std::uint32_t{packet[at + 1]} << 16 |
         std::uint32_t{packet[at + 2]} << 8 | packet[at + 3];
}

bool is_ipv4(ByteView packet) {
  return packet.size() >= kIpHeaderBytes && packet[0] >> 4 == 4;
}
std::uint32_t source_of(ByteView packet) {
  return number_at(packet, 12);
}
std::uint32_t target_of(ByteView packet) {
  return number_at(packet, 16);
}

}  // namespace

Result<std::unique_ptr<Mesh>> Mesh::open(msg::GangSeat seat, std::filesystem::path seats) {
  auto door = listen_as_seat(seats, seat.lead, seat.rank);
  if (!door) return door.error();
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return Error{ErrorCode::kIo, "eventfd: " + std::string(std::strerror(errno)), ""};
  return std::unique_ptr<Mesh>(
      new Mesh(std::move(seat), std::move(seats), std::move(door).value(), std::move(wake)));
}

Mesh::Mesh(msg::GangSeat seat, std::filesystem::path seats, Descriptor door, Descriptor wake)
    : seat_(std::move(seat)),
      seats_(std::move(seats)),
      door_(std::move(door)),
      wake_(std::move(wake)),
      peers_(seat_.members.size()),
      met_(seat_.members.size()),
      next_try_ns_(seat_.members.size()),
      met_shown_(seat_.members.size()),
      missing_(static_cast<std::uint32_t>(seat_.members.size() - 1)) {
  met_[seat_.rank] = met_shown_[seat_.rank] = true;
  thread_ = std::thread([this] { serve(); });
}

Mesh::~Mesh() {
  closing_ = true;
  wake();
  thread_.join();
  leave_seat(seats_, seat_.lead, seat_.rank);
}

void Mesh::wake() {
  const std::uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
}

Result<void> Mesh::attach(pid_t first) {
  auto made = make_interface(first, seat_.rank);
  if (!made) return made.error();
  {
    const std::lock_guard guard(lock_);
    new_tun_ = std::move(made).value();
  }
  wake();
  return {};
}

std::optional<std::uint32_t> Mesh::lost() const {
  const std::int64_t rank = lost_;
  return rank < 0 ? std::nullopt : std::optional(static_cast<std::uint32_t>(rank));
}

std::string Mesh::name_of(std::uint32_t rank) const {
  const msg::GangMember& member = seat_.members[rank];
  return "rank " + std::to_string(rank) + " (on " + member.agent + ", at " + member.endpoint + ")";
}

std::string Mesh::missing() const {
  const std::lock_guard guard(lock_);
  for (std::uint32_t rank = 0; rank < met_shown_.size(); ++rank)
    if (!met_shown_[rank]) return name_of(rank);
  return "";
}

void Mesh::take_tun() {
  std::uint64_t ignored = 0;
  (void)!read(wake_.get(), &ignored, sizeof ignored);
  const std::lock_guard guard(lock_);
  if (new_tun_.valid()) tun_ = std::exchange(new_tun_, Descriptor());
}

void Mesh::serve() {
  while (!closing_) {
    std::vector<pollfd> items{{wake_.get(), POLLIN, 0}, {door_.get(), POLLIN, 0}, {tun_.get(), POLLIN, 0}};
    std::vector<Peer*> watched;
    const auto watch = [&](const std::unique_ptr<Peer>& peer) {
      if (!peer || peer->state() >= Peer::State::kSaidBye) return;
      items.push_back({peer->fd(), static_cast<short>(POLLIN | (peer->wants_write() ? POLLOUT : 0)), 0});
      watched.push_back(peer.get());
    };
    for (const auto& peer : peers_)
      watch(peer);
    for (const auto& visitor : visitors_)
      watch(visitor);
    poll(items.data(), items.size(), kTickMs);
    if (items[0].revents != 0) take_tun();
    for (std::size_t i = 0; i < watched.size(); ++i) {
      const short events = items[i + 3].revents;
      if ((events & (POLLOUT | POLLERR | POLLHUP)) != 0) watched[i]->on_writable();
      if ((events & (POLLIN | POLLERR | POLLHUP)) != 0) {
        const std::uint32_t sender = address_of(watched[i]->rank());
        watched[i]->on_readable([&](ByteView packet) {
          if (is_ipv4(packet) && source_of(packet) == sender && target_of(packet) == address_of(seat_.rank))
            (void)!write(tun_.get(), packet.data(), packet.size());
        });
      }
    }
    if (items[2].revents != 0) move_packets();
    const std::int64_t now = now_ns();
    if (items[1].revents != 0) receive_visitors();
    hear_visitors(now);
    for (std::uint32_t rank = 0; rank < peers_.size(); ++rank)
      hear(rank);
    look_for_others(now);
  }
  say_bye();
}

/// Those of lower ranks; the others look for this one.
void Mesh::look_for_others(std::int64_t now_ns) {
  for (std::uint32_t rank = 0; rank < seat_.rank; ++rank) {
    if (met_[rank] || now_ns < next_try_ns_[rank]) continue;
    if (peers_[rank] && now_ns - peers_[rank]->begun_ns() < kGreetingNs) continue;
    peers_[rank] = Peer::connect(seat_, rank);
    next_try_ns_[rank] = now_ns + kRetryNs;
  }
}

void Mesh::receive_visitors() {
  while (visitors_.size() < kVisitors) {
    auto visitor = take_visitor(door_);
    if (!visitor) return;
    const Greeting& greeting = visitor->greeting;
    if (greeting.lead != seat_.lead || greeting.to != seat_.rank || greeting.from >= seat_.members.size())
      continue;
    visitors_.push_back(std::make_unique<Peer>(seat_, greeting, std::move(visitor->connection)));
  }
}

/// A visitor that has shown that it is a member takes that member's place, where nobody has it.
void Mesh::hear_visitors(std::int64_t now_ns) {
  std::erase_if(visitors_, [&](std::unique_ptr<Peer>& visitor) {
    if (visitor->state() == Peer::State::kGreeting) return now_ns - visitor->begun_ns() > kGreetingNs;
    if (visitor->state() != Peer::State::kOver && !met_[visitor->rank()])
      peers_[visitor->rank()] = std::move(visitor);
    return true;
  });
}

void Mesh::hear(std::uint32_t rank) {
  std::unique_ptr<Peer>& peer = peers_[rank];
  if (!peer) return;
  const Peer::State state = peer->state();
  if (!met_[rank] && (state == Peer::State::kUp || state == Peer::State::kSaidBye)) {
    met_[rank] = true;
    {
      const std::lock_guard guard(lock_);
      met_shown_[rank] = true;
    }
    --missing_;
  }
  if (state != Peer::State::kOver) return;
  if (met_[rank] && lost_ < 0) lost_ = rank;
  peer.reset();
}

void Mesh::move_packets() {
  std::array<std::uint8_t, kPacketBytes> buffer;
  for (int i = 0; i < kPacketsPerTurn; ++i) {
    const ssize_t n = read(tun_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) tun_ = Descriptor();  // the sandbox is gone, and its network with it
    if (n <= 0) break;
    const ByteView packet(buffer.data(), static_cast<std::size_t>(n));
    if (!is_ipv4(packet) || source_of(packet) != address_of(seat_.rank)) continue;
    const std::uint32_t rank = target_of(packet) - address_of(0);
    if (rank < peers_.size() && peers_[rank]) peers_[rank]->send(packet);
  }
  for (const auto& peer : peers_)
    if (peer && peer->wants_write()) peer->flush();
}

void Mesh::say_bye() {
  for (const auto& peer : peers_)
    if (peer) peer->say_bye();
}

}  // namespace reeve::agent::gang
