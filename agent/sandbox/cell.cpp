#include "agent/sandbox/cell.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "agent/sandbox/cgroup.h"
#include "agent/sandbox/log.h"
#include "agent/sandbox/run.h"

namespace reeve::agent::sandbox {
namespace {

/// Killed processes are gone within a moment, unless a device holds them.
constexpr int kReapMs = 30'000;
/// It takes milliseconds; this is a machine that swaps.
constexpr int kStartMs = 30'000;
/// bubblewrap tells two short lines.
constexpr std::size_t kStatusBytes = 4096;

int signal_process(const Descriptor& process, int signal) {
  return static_cast<int>(syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0U));
}

/// The number after `"key":` in bubblewrap's JSON, which is flat.
std::optional<std::int64_t> number_of(const std::string& json, const std::string& key) {
  const std::size_t at = json.find('"' + key + "\":");
  if (at == std::string::npos) return std::nullopt;
  return std::strtoll(json.c_str() + at + key.size() + 3, nullptr, 10);
}

/// True if `pid` is the first process of the namespace: its number may not have gone to another since.
bool is_in(pid_t pid, std::int64_t namespace_number) {
  std::array<char, 64> link{};
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/pid";
  const ssize_t n = readlink(path.c_str(), link.data(), link.size() - 1);
  return n > 0 && std::string(link.data()) == "pid:[" + std::to_string(namespace_number) + "]";
}

/// True once the descriptor is readable.
bool await(const Descriptor& descriptor, int ms) {
  pollfd item{descriptor.get(), POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&item, 1, ms)) < 0 && errno == EINTR) {
  }
  return ready > 0;
}

void append(Bytes& words, const std::string& word) {
  words.insert(words.end(), word.begin(), word.end());
  words.push_back(0);
}

Error cannot_begin(const char* what) {
  return {ErrorCode::kIo, std::string("cannot start a program: ") + what + ": " + std::strerror(errno),
          "look at the limits of open files and of memory"};
}

}  // namespace

Cell::Cell(Launched launched, Place place, const Bounds& bounds, Cgroup& cgroup)
    : launched_(std::move(launched)), place_(std::move(place)), bounds_(bounds), cgroup_(cgroup) {}

Cell::~Cell() {
  if (!reaped_) (void)reap().ok();  // the next cell, and the slot's end, kill again
}

std::string Cell::words() {
  Log log;
  std::array<char, 4096> buffer;
  for (ssize_t n = 0; (n = ::read(launched_.errors.get(), buffer.data(), buffer.size())) > 0;)
    log.add({buffer.data(), static_cast<std::size_t>(n)});
  const std::string text = log.text();
  return text.substr(0, text.find('\n'));
}

void Cell::read_status() {
  std::array<char, 1024> buffer;
  for (;;) {
    const ssize_t n = ::read(launched_.status.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    if (status_.size() < kStatusBytes) status_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  const auto pid = number_of(status_, "child-pid");
  const auto space = number_of(status_, "pid-namespace");
  if (init_ > 0 || !pid || !space || status_.find('\n') == std::string::npos) return;
  init_ = static_cast<pid_t>(*pid);
  Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, init_, 0U)));
  if (process.valid() && is_in(init_, *space)) init_process_ = std::move(process);
}

Result<void> Cell::await_ready() {
  Reply reply;
  const bool stands = await(launched_.control, kStartMs) && receive(reply) && reply.kind == ReplyKind::kReady;
  read_status();
  usable_ = stands && init_process_.valid();
  if (usable_) return {};
  const auto gone = reap();  // bubblewrap's last words come before its end
  const std::string why = words();
  if (!gone) return gone;
  return Error{ErrorCode::kIo, "the sandbox could not be set up: " + (why.empty() ? "no reason given" : why),
               "run `reeve agent devices` on that machine"};
}

bool Cell::receive(Reply& reply) {
  ssize_t n = 0;
  while ((n = recv(launched_.control.get(), &reply, sizeof reply, 0)) < 0 && errno == EINTR) {
  }
  return n == static_cast<ssize_t>(sizeof reply);
}

void Cell::send(RequestKind kind) {
  const Request request{kind, 0, 0, 0};
  (void)::send(launched_.control.get(), &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT);
}

Result<Cell::Streams> Cell::begin(const Command& command) {
  Bytes words;
  append(words, command.program);
  for (const std::string& argument : command.args)
    append(words, argument);
  for (const auto& [name, value] : command.environment)
    append(words, name + "=" + value);
  if (words.size() > kMostWordBytes)
    return Error{ErrorCode::kInvalid,
                 "the command line has " + std::to_string(words.size()) + " bytes where it may have " +
                     std::to_string(kMostWordBytes),
                 "put long texts into files"};
  const bool apart = words.size() > kInlineWordBytes;
  const Descriptor file = apart ? memory_file(words) : Descriptor();
  Pipe output = Pipe::make();
  Pipe errors = Pipe::make();
  if (file.valid() != apart || !output.good() || !errors.good()) return cannot_begin("descriptors");
  Request request{RequestKind::kRun, static_cast<std::uint32_t>(command.args.size() + 1),
                  static_cast<std::uint32_t>(command.environment.size()), words.size()};
  const std::array<int, kDescriptorsPerRun> fds{output.theirs.get(), errors.theirs.get(), file.get()};
  const std::size_t fd_bytes = sizeof(int) * (apart ? 3 : 2);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> control{};
  std::array<iovec, 2> parts{iovec{&request, sizeof request}, {words.data(), apart ? 0 : words.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(fd_bytes);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fd_bytes);
  std::memcpy(CMSG_DATA(header), fds.data(), fd_bytes);
  if (sendmsg(launched_.control.get(), &message, MSG_NOSIGNAL) < 0) return cannot_begin("its first process");
  return Streams{std::move(output.ours), std::move(errors.ours)};
}

void Cell::kill_all() {
  usable_ = false;
  if (init_process_.valid()) signal_process(init_process_, SIGKILL);  // and all of its namespace with it
  signal_process(launched_.process, SIGKILL);
}

Result<void> Cell::reap() {
  kill_all();
  if (!reaped_) {
    while (waitpid(launched_.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    read_status();
    if (init_process_.valid()) signal_process(init_process_, SIGKILL);
  }
  if (!init_process_.valid() || await(init_process_, kReapMs)) return {};
  return Error{ErrorCode::kIo, "processes of the task cannot be killed: a device or a file system holds them",
               "look for processes in state D, and restart the machine"};
}

Result<Outcome> Cell::run(const Command& command, Duration time) {
  if (!usable_) return Error{ErrorCode::kIo, "the sandbox is used up", "make another"};
  bounds_.time = time;
  cgroup_.begin_run();
  auto streams = begin(command);
  if (!streams) return streams.error();
  Run run(*this, std::move(streams).value(), command);
  return run.finish();
}

}  // namespace reeve::agent::sandbox
