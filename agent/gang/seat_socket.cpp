#include "agent/gang/seat_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace reeve::agent::gang {
namespace {

/// Connections that came while the worker was busy: as many as a gang has members.
constexpr int kBacklog = 256;
/// The agent connects and sends in one breath.
constexpr suseconds_t kHandingUs = 500'000;

std::string name_of(AttemptId lead, std::uint32_t rank) {
  return std::to_string(lead.value()) + "-" + std::to_string(rank);
}

/// A socket's path has 108 bytes at most, a home's may have more: so it leads through a descriptor.
sockaddr_un address_below(const Descriptor& folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(folder.get()) + "/" + name;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

Descriptor open_at(const std::filesystem::path& folder) {
  return Descriptor(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

std::filesystem::path seat_folder(const std::filesystem::path& slot_scratch) {
  return slot_scratch.parent_path() / "seats";
}

Result<Descriptor> listen_as_seat(const std::filesystem::path& folder, AttemptId lead, std::uint32_t rank) {
  const auto failed = [&folder] {
    return Error{ErrorCode::kIo,
                 "cannot take a seat of a gang in " + folder.string() + ": " + std::strerror(errno),
                 "look at the agent's folder"};
  };
  const Descriptor below = open_at(folder);
  Descriptor seat(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!below.valid() || !seat.valid()) return failed();
  const sockaddr_un address = address_below(below, name_of(lead, rank));
  if (bind(seat.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(seat.get(), kBacklog) != 0)
    return failed();
  return seat;
}

void leave_seat(const std::filesystem::path& folder, AttemptId lead, std::uint32_t rank) {
  std::error_code ignored;  // the next start of the agent clears the folder
  std::filesystem::remove(folder / name_of(lead, rank), ignored);
}

std::optional<Visitor> take_visitor(const Descriptor& seat) {
  const Descriptor from(accept4(seat.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!from.valid()) return std::nullopt;
  const timeval patience{0, kHandingUs};
  setsockopt(from.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::array<std::uint8_t, kGreetingBytes> words{};
  iovec part{words.data(), words.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t n = recvmsg(from.get(), &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* const header = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return std::nullopt;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  Descriptor connection(fd);
  const auto greeting = decode_greeting({words.data(), static_cast<std::size_t>(n)});
  if (!greeting) return std::nullopt;
  return Visitor{*greeting, std::move(connection)};
}

bool hand_to_seat(const std::filesystem::path& folder, const Greeting& greeting,
                  const Descriptor& connection) {
  const Descriptor below = open_at(folder);
  const Descriptor seat(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!below.valid() || !seat.valid()) return false;
  const sockaddr_un address = address_below(below, name_of(greeting.lead, greeting.to));
  if (connect(seat.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  auto words = encode_greeting(greeting);
  iovec part{words.data(), words.size()};
  const int fd = connection.get();
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return sendmsg(seat.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(words.size());
}

}  // namespace reeve::agent::gang
