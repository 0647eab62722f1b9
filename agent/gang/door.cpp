#include "agent/gang/door.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "agent/gang/endpoint.h"
#include "agent/gang/seat_socket.h"
#include "protocol/limits.h"

namespace reeve::agent::gang {
namespace {

/// All members of a large gang may come at once.
constexpr std::size_t kVisits = 2 * limits::kGangMembers;
/// A visitor says whom it wants, and a seat is taken, within this time: assignments reach members apart.
constexpr std::int64_t kVisitNs = 20'000'000'000;
/// How often a visitor whose seat is not taken yet is looked at again.
constexpr int kLookMs = 50;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Result<std::unique_ptr<Door>> Door::open(const std::string& address, std::filesystem::path seats) {
  auto endpoint = read_endpoint(address, true);
  if (!endpoint) return endpoint.error();
  if (is_wildcard(*endpoint))
    return Error{ErrorCode::kInvalid, "gang address '" + address + "' is no address that others can reach",
                 "write the address of the interface that the farm's machines share"};
  const auto failed = [&address](const char* what) {
    return Error{ErrorCode::kIo,
                 std::string("cannot wait for members of gangs at ") + address + ": " + what + ": " +
                     std::strerror(errno),
                 "write an address of this host, and a port that is free"};
  };
  Descriptor listener(socket(endpoint->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) return failed("socket");
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* const where = reinterpret_cast<sockaddr*>(&endpoint->address);
  if (bind(listener.get(), where, endpoint->size) != 0) return failed("bind");
  if (listen(listener.get(), static_cast<int>(kVisits)) != 0) return failed("listen");
  getsockname(listener.get(), where, &endpoint->size);
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return failed("eventfd");
  return std::unique_ptr<Door>(
      new Door(std::move(listener), std::move(wake), endpoint_text(*endpoint), std::move(seats)));
}

Door::Door(Descriptor listener, Descriptor wake, std::string endpoint, std::filesystem::path seats)
    : listener_(std::move(listener)),
      wake_(std::move(wake)),
      endpoint_(std::move(endpoint)),
      seats_(std::move(seats)),
      thread_([this] { serve(); }) {}

Door::~Door() {
  closing_ = true;
  const std::uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void Door::serve() {
  while (!closing_) {
    std::vector<pollfd> items{{wake_.get(), POLLIN, 0}};
    // Beyond the bound nobody is let in: they wait in the kernel's queue.
    items.push_back({listener_.get(), static_cast<short>(visits_.size() < kVisits ? POLLIN : 0), 0});
    bool any_waits = false;
    for (const Visit& visit : visits_) {
      const bool whole = visit.words.size() == kGreetingBytes;
      any_waits = any_waits || whole;
      items.push_back({visit.connection.get(), static_cast<short>(whole ? 0 : POLLIN), 0});
    }
    poll(items.data(), items.size(), any_waits ? kLookMs : visits_.empty() ? -1 : 1000);
    std::vector<Visit> left;
    for (std::size_t i = 0; i < visits_.size(); ++i)
      if (advance(visits_[i], items[i + 2].revents != 0)) left.push_back(std::move(visits_[i]));
    visits_ = std::move(left);
    if (items[1].revents != 0) accept_all();
  }
}

void Door::accept_all() {
  while (visits_.size() < kVisits) {
    Descriptor connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.valid()) return;
    visits_.push_back({std::move(connection), {}, now_ns() + kVisitNs});
  }
}

bool Door::advance(Visit& visit, bool readable) {
  if (now_ns() > visit.until_ns) return false;
  if (visit.words.size() < kGreetingBytes) {
    if (!readable) return true;
    std::array<std::uint8_t, kGreetingBytes> buffer{};
    const ssize_t n = read(visit.connection.get(), buffer.data(), kGreetingBytes - visit.words.size());
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    visit.words.insert(visit.words.end(), buffer.begin(), buffer.begin() + n);
    if (visit.words.size() < kGreetingBytes) return true;
  } else if (readable) {
    return false;  // it hung up while its seat was not taken
  }
  const auto greeting = decode_greeting(visit.words);
  return greeting && !hand_to_seat(seats_, *greeting, visit.connection);
}

}  // namespace reeve::agent::gang
