#include "agent/gang/tun.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace reeve::agent::gang {
namespace {

/// What the child tells: the descriptor beside it, or where it stopped.
struct Word {
  int error = 0;
  std::array<char, 48> step{};
};

[[noreturn]] void give_up(int socket, const char* step) {
  Word word{errno, {}};
  std::strncpy(word.step.data(), step, word.step.size() - 1);
  (void)send(socket, &word, sizeof word, MSG_NOSIGNAL);
  _exit(1);
}

/// Makes and raises the interface in the namespace that this process is in. The device file is opened here
/// and not before: an interface belongs to the namespace that its file was opened in.
int raise_interface(int socket, std::uint32_t rank) {
  const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) give_up(socket, "open /dev/net/tun");
  ifreq request{};
  std::strncpy(request.ifr_name, kInterface, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(tun, TUNSETIFF, &request) != 0) give_up(socket, "TUNSETIFF");
  const int any = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0) give_up(socket, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(address_of(rank));
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  if (ioctl(any, SIOCSIFADDR, &request) != 0) give_up(socket, "SIOCSIFADDR");
  address.sin_addr.s_addr = htonl(kNetworkMask);
  std::memcpy(&request.ifr_netmask, &address, sizeof address);
  if (ioctl(any, SIOCSIFNETMASK, &request) != 0) give_up(socket, "SIOCSIFNETMASK");
  request.ifr_mtu = kPacketBytes;
  if (ioctl(any, SIOCSIFMTU, &request) != 0) give_up(socket, "SIOCSIFMTU");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(any, SIOCSIFFLAGS, &request) != 0) give_up(socket, "SIOCSIFFLAGS");
  return tun;
}

[[noreturn]] void hand_over(int socket, int tun) {
  Word word;
  iovec part{&word, sizeof word};
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
  std::memcpy(CMSG_DATA(header), &tun, sizeof tun);
  _exit(sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? 1 : 0);
}

Error failed(const char* step, int error) {
  const bool missing = error == ENOENT || error == ENODEV || error == ENXIO;
  const bool device = std::strncmp(step, "open", 4) == 0;
  return {ErrorCode::kNotAllowed,
          std::string("the private network of a gang cannot be made: ") + step + ": " + std::strerror(error),
          device && missing           ? "load the kernel's module: modprobe tun"
          : device && error == EACCES ? "let the agent's user open /dev/net/tun: its usual mode is 0666"
                                      : "a kernel with user namespaces and the tun module is needed"};
}

/// Runs `enter`, which reports by give_up(), and then makes the interface, in a child: a process cannot come
/// back out of a user namespace. The child makes system calls alone, for other threads may hold any lock.
template <class Enter>
Result<Descriptor> make_in_child(std::uint32_t rank, const Enter& enter) {
  std::array<int, 2> ends{-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return failed("socketpair", errno);
  const Descriptor ours(ends[0]);
  Descriptor theirs(ends[1]);
  const pid_t child = fork();
  if (child < 0) return failed("fork", errno);
  if (child == 0) {
    enter(theirs.get());
    hand_over(theirs.get(), raise_interface(theirs.get(), rank));
  }
  theirs = Descriptor();
  Word word{EPIPE, {}};
  iovec part{&word, sizeof word};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = 0;
  while ((n = recvmsg(ours.get(), &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (n != static_cast<ssize_t>(sizeof word)) return failed("its helper ended", EPIPE);
  word.step.back() = '\0';
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return failed(word.step.data(), word.error);
  int tun = -1;
  std::memcpy(&tun, CMSG_DATA(header), sizeof tun);
  return Descriptor(tun);
}

}  // namespace

std::string address_text(std::uint32_t rank) {
  const std::uint32_t address = address_of(rank);
  std::string text;
  for (unsigned shift = 32; shift > 0; shift -= 8)
    text += (text.empty() ? "" : ".") + std::to_string((address >> (shift - 8)) & 255);
  return text;
}

std::string host_name_of(std::uint32_t rank) {
  return kHostPrefix + std::to_string(rank);
}

Result<Descriptor> make_interface(pid_t first, std::uint32_t rank) {
  const std::string path = "/proc/" + std::to_string(first) + "/ns/net";
  const Descriptor network(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!network.valid()) return failed("the sandbox's network", errno);
  // Not the user namespace of the process: bubblewrap nests a second one, which has no say in the network.
  const Descriptor owner(ioctl(network.get(), NS_GET_USERNS));
  if (!owner.valid()) return failed("NS_GET_USERNS", errno);
  return make_in_child(rank, [&](int socket) {
    if (setns(owner.get(), CLONE_NEWUSER) != 0) give_up(socket, "its user namespace");
    if (setns(network.get(), CLONE_NEWNET) != 0) give_up(socket, "its network namespace");
  });
}

Result<void> interfaces_work() {
  auto made = make_in_child(0, [](int socket) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) give_up(socket, "unshare");
  });
  if (!made) return made.error();
  return {};
}

}  // namespace reeve::agent::gang
