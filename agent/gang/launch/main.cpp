#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "agent/gang/address.h"

/// reeve-launch: runs commands of one member of a gang on another, in that one's sandbox; it stands where
/// mpirun expects ssh. It speaks over the gang's private network, on which there is nobody but the gang.
///
///   reeve-launch HOST COMMAND...    runs a command line on HOST, as a shell there reads it
///   reeve-launch --serve            waits for such commands
///   reeve-launch --mpi COMMAND...   on rank 0: mpirun COMMAND; on every other rank: waits
namespace reeve::agent::gang {
namespace {

/// mpirun's command line for its daemon has a few kilobytes.
constexpr std::uint32_t kCommandBytes = 1U << 20;
constexpr std::size_t kPieceBytes = 32768;
/// All members start within moments of each other; a member that waits longer for another waits in vain.
constexpr int kConnectTries = 300;
constexpr long kConnectWaitNs = 100'000'000;
constexpr int kBacklog = 64;

/// What a piece of the answer is.
enum Piece : std::uint32_t { kOutput = 1, kErrors = 2, kStatus = 3 };
struct Head {
  std::uint32_t kind = 0;
  std::uint32_t bytes = 0;  // of a status: the status itself
};

[[noreturn]] void give_up(const char* what) {
  dprintf(2, "reeve-launch: %s: %s\n", what, strerror(errno));
  _exit(255);
}

bool write_all(int fd, const void* bytes, std::size_t size) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t n = write(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool read_all(int fd, void* bytes, std::size_t size) {
  auto* at = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t n = read(fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// "rank3", or an address in numbers.
bool find_host(const char* host, sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(kLaunchPort);
  const std::size_t prefix = strlen(kHostPrefix);
  if (strncmp(host, kHostPrefix, prefix) == 0) {
    char* end = nullptr;
    const unsigned long rank = strtoul(host + prefix, &end, 10);
    if (*end != '\0' || end == host + prefix || rank > 0xFFFF) return false;
    address.sin_addr.s_addr = htonl(address_of(static_cast<std::uint32_t>(rank)));
    return true;
  }
  return inet_pton(AF_INET, host, &address.sin_addr) == 1;
}

int connect_to(const char* host) {
  sockaddr_in address;
  if (!find_host(host, address)) {
    dprintf(2, "reeve-launch: '%s' is no member of this gang\n", host);
    _exit(255);
  }
  for (int i = 0; i < kConnectTries; ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) give_up("socket");
    if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    close(socket);
    const timespec moment{0, kConnectWaitNs};
    nanosleep(&moment, nullptr);
  }
  give_up(host);
}

/// Sends the words, with a space between them, and hands on what comes back.
int launch(char** words) {
  const int socket = connect_to(words[0]);
  std::uint32_t size = 0;
  for (char** word = words + 1; *word != nullptr; ++word)
    size += static_cast<std::uint32_t>(strlen(*word)) + 1;
  if (!write_all(socket, &size, sizeof size)) give_up("send");
  for (char** word = words + 1; *word != nullptr; ++word)
    if (!write_all(socket, *word, strlen(*word)) || !write_all(socket, " ", 1)) give_up("send");
  static char piece[kPieceBytes];
  for (Head head; read_all(socket, &head, sizeof head);) {
    if (head.kind == kStatus) return static_cast<int>(head.bytes);
    if (head.bytes > sizeof piece || !read_all(socket, piece, head.bytes)) break;
    write_all(head.kind == kOutput ? 1 : 2, piece, head.bytes);
  }
  dprintf(2, "reeve-launch: %s hung up\n", words[0]);
  return 255;
}

/// False at the end of the stream.
bool hand_on(int from, int socket, std::uint32_t kind) {
  static char piece[kPieceBytes];
  const ssize_t n = read(from, piece, sizeof piece);
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return false;
  const Head head{kind, static_cast<std::uint32_t>(n)};
  write_all(socket, &head, sizeof head);
  write_all(socket, piece, head.bytes);
  return true;
}

pid_t start(char* command, const int output[2], const int errors[2]) {
  const pid_t child = fork();
  if (child != 0) return child;
  setpgid(0, 0);
  dup2(output[1], 1);
  dup2(errors[1], 2);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  char shell[] = "/bin/sh";
  char flag[] = "-c";
  char* arguments[] = {shell, flag, command, nullptr};
  execv(shell, arguments);
  _exit(127);
}

/// One command of another's, from its beginning to its end, or to that of the one who wants it.
void attend(int socket) {
  std::uint32_t size = 0;
  if (!read_all(socket, &size, sizeof size) || size == 0 || size > kCommandBytes) return;
  auto* const command = static_cast<char*>(malloc(size + 1));
  if (command == nullptr || !read_all(socket, command, size)) return;
  command[size] = '\0';
  int output[2];
  int errors[2];
  if (pipe2(output, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0) give_up("pipes");
  const pid_t child = start(command, output, errors);
  if (child < 0) give_up("fork");
  close(output[1]);
  close(errors[1]);
  pollfd items[3]{{output[0], POLLIN, 0}, {errors[0], POLLIN, 0}, {socket, POLLIN, 0}};
  while (items[0].fd >= 0 || items[1].fd >= 0) {
    if (poll(items, 3, -1) < 0 && errno != EINTR) break;
    if (items[0].revents != 0 && !hand_on(output[0], socket, kOutput)) items[0].fd = -1;
    if (items[1].revents != 0 && !hand_on(errors[0], socket, kErrors)) items[1].fd = -1;
    char more = 0;
    if (items[2].revents != 0 && read(socket, &more, 1) <= 0) {
      kill(-child, SIGKILL);  // nobody waits for it any more
      items[2].fd = -1;
    }
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const auto code =
      static_cast<std::uint32_t>(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  const Head head{kStatus, code};
  write_all(socket, &head, sizeof head);
}

/// Until this member is told to end.
int serve() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) give_up("socket");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kLaunchPort);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) give_up("bind");
  if (listen(listener, kBacklog) != 0) give_up("listen");
  signal(SIGCHLD, SIG_IGN);
  for (;;) {
    const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGCHLD, SIG_DFL);
      attend(socket);
      _exit(0);
    }
    close(socket);
  }
}

int run_mpi(char** words) {
  const char* const rank = getenv("REEVE_RANK");
  if (rank == nullptr) {
    dprintf(2, "reeve-launch: REEVE_RANK is not set: this task is of no gang; submit it with --gang\n");
    return 2;
  }
  if (strcmp(rank, "0") != 0) return serve();
  static char program[] = "mpirun";
  words[0] = program;  // in place of "--mpi"
  signal(SIGPIPE, SIG_DFL);
  execvp(program, words);
  give_up("mpirun: is OpenMPI installed on this agent?");
}

}  // namespace
}  // namespace reeve::agent::gang

int main(int argc, char** argv) {
  using namespace reeve::agent::gang;
  signal(SIGPIPE, SIG_IGN);
  if (argc == 2 && strcmp(argv[1], "--serve") == 0) return serve();
  if (argc > 2 && strcmp(argv[1], "--mpi") == 0) return run_mpi(argv + 1);
  if (argc > 2 && argv[1][0] != '-') return launch(argv + 1);
  dprintf(2, "usage: reeve-launch HOST COMMAND... | --serve | --mpi COMMAND...\n");
  return 2;
}
