#include "agent/shell/control.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "agent/shell/files.h"

namespace reeve::agent {
namespace {

constexpr const char* kDoor = "control.sock";
constexpr std::size_t kLineBytes = 64U << 10;
constexpr timeval kMoment{0, 200'000};
constexpr timeval kAnswerPatience{5, 0};
constexpr unsigned kCallersPerTurn = 8;

/// A socket's address has room for 107 bytes only, so long paths go by way of the folder's descriptor.
struct DoorAddress {
  explicit DoorAddress(const std::filesystem::path& home)
      : folder(open(home.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    address.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/" + kDoor;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  }
  ~DoorAddress() {
    if (folder >= 0) close(folder);
  }
  DoorAddress(const DoorAddress&) = delete;
  DoorAddress& operator=(const DoorAddress&) = delete;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }

  int folder;
  sockaddr_un address{};
};

/// Up to the first newline; what came if there is none in time.
std::string read_line(int caller) {
  std::string line;
  std::array<char, 4096> buffer;
  while (line.size() < kLineBytes && line.find('\n') == std::string::npos) {
    const ssize_t n = read(caller, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    line.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return line.substr(0, line.find('\n'));
}

}  // namespace

Result<ControlDoor> ControlDoor::open(const std::filesystem::path& home) {
  const std::filesystem::path lock_path = home / "agent.lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return file_error("open", lock_path);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return Error{ErrorCode::kConflict, "an agent runs from " + home.string() + " already",
                 "`reeve agent status` shows it; another agent needs another --home"};
  }
  const DoorAddress address(home);
  unlink((home / kDoor).c_str());
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const mode_t before = umask(0177);
  const bool bound = listener >= 0 && bind(listener, address.get(), sizeof address.address) == 0 &&
                     listen(listener, 16) == 0;
  umask(before);
  if (!bound) {
    const Error error = file_error("open", home / kDoor);
    if (listener >= 0) close(listener);
    close(lock);
    return error;
  }
  return ControlDoor(home / kDoor, listener, lock);
}

ControlDoor::ControlDoor(ControlDoor&& other) noexcept
    : path_(std::move(other.path_)),
      listener_(std::exchange(other.listener_, -1)),
      lock_(std::exchange(other.lock_, -1)) {}

ControlDoor::~ControlDoor() {
  if (listener_ < 0) return;
  unlink(path_.c_str());
  close(listener_);
  close(lock_);
}

void ControlDoor::pump(const std::function<std::string(const std::string& line)>& answer) {
  for (unsigned i = 0; i < kCallersPerTurn; ++i) {
    const int caller = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) return;
    setsockopt(caller, SOL_SOCKET, SO_RCVTIMEO, &kMoment, sizeof kMoment);
    setsockopt(caller, SOL_SOCKET, SO_SNDTIMEO, &kMoment, sizeof kMoment);
    const std::string reply = answer(read_line(caller)) + "\n";
    send(caller, reply.data(), reply.size(), MSG_NOSIGNAL);
    close(caller);
  }
}

Result<std::string> ask_agent(const std::filesystem::path& home, const std::string& line) {
  const Error nobody{ErrorCode::kUnreachable, "no agent runs from " + home.string(),
                     "start it: `reeve agent run --home " + home.string() + "`"};
  const DoorAddress address(home);
  const int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (door < 0 || connect(door, address.get(), sizeof address.address) != 0) {
    if (door >= 0) close(door);
    return nobody;
  }
  setsockopt(door, SOL_SOCKET, SO_RCVTIMEO, &kAnswerPatience, sizeof kAnswerPatience);
  const std::string said = line + "\n";
  send(door, said.data(), said.size(), MSG_NOSIGNAL);
  std::string reply = read_line(door);
  close(door);
  if (reply.empty())
    return Error{ErrorCode::kTimeout, "the agent in " + home.string() + " does not answer", "see its log"};
  return reply;
}

}  // namespace reeve::agent
