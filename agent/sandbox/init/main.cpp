#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "agent/sandbox/init/leftovers.h"
#include "agent/sandbox/init/protocol.h"

/// The first process of a sandbox: starts one program after another at its worker's word, ends every process
/// that a program leaves, and clears what else it left. It has no more rights than the programs: whoever took
/// it over would have gained nothing but the next tasks of his own step.
namespace reeve::agent::sandbox {
namespace {

struct Run {
  Request request;
  int output = -1;
  int errors = -1;
  int words = -1;  // none: they came with the request
};

char inline_words[kInlineWordBytes + 1];

[[noreturn]] void give_up(const char* why) {
  dprintf(2, "the sandbox's first process: %s: %s\n", why, strerror(errno));
  _exit(70);
}

/// False at the end of the stream: the worker is gone, and this process's end is everybody's.
bool receive(Run& run) {
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorsPerRun * sizeof(int))];
  iovec parts[2]{{&run.request, sizeof run.request}, {inline_words, kInlineWordBytes}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  while ((n = recvmsg(kControlFd, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (n < static_cast<ssize_t>(sizeof run.request)) return false;
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) return true;
  int fds[kDescriptorsPerRun]{-1, -1, -1};
  memcpy(fds, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
  run.output = fds[0];
  run.errors = fds[1];
  run.words = fds[2];
  return true;
}

void say(const Reply& reply) {
  if (send(kControlFd, &reply, sizeof reply, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof reply)) _exit(0);
}

/// A zero-terminated list of the texts at `words`, which is moved behind them.
char** list_of(char*& words, std::uint32_t count) {
  auto* const list = static_cast<char**>(malloc((std::size_t{count} + 1) * sizeof(char*)));
  if (list == nullptr) give_up("no memory for a command line");
  for (std::uint32_t i = 0; i < count; ++i) {
    list[i] = words;
    words += strlen(words) + 1;
  }
  list[count] = nullptr;
  return list;
}

/// In the memory of the first process, which waits: nothing of it may be changed but what it puts back.
[[noreturn]] void become(const Run& run, char** arguments, char** variables) {
  setpgid(0, 0);
  dup2(run.output, 1);
  dup2(run.errors, 2);  // all others close themselves
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  environ = variables;
  execvp(arguments[0], arguments);
  const int error = errno;
  dprintf(2, "cannot start %s: %s\n", arguments[0], strerror(error));
  _exit(127);
}

pid_t start(const Run& run) {
  const std::size_t size = run.request.word_bytes;
  if (size == 0 || size > kMostWordBytes || run.request.argument_count == 0) give_up("a broken request");
  void* const page =
      run.words < 0 ? inline_words : mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, run.words, 0);
  if (page == MAP_FAILED) give_up("no memory for a command line");
  auto* words = static_cast<char*>(page);
  char** const arguments = list_of(words, run.request.argument_count);
  char** const variables = list_of(words, run.request.variable_count);
  char** const own = environ;
  const pid_t program = vfork();  // half the time of fork, for the page tables of this process
  if (program == 0) become(run, arguments, variables);
  environ = own;
  if (program < 0) dprintf(run.errors, "cannot start a process: %s\n", strerror(errno));
  free(arguments);
  free(variables);
  if (run.words >= 0) {
    munmap(page, size);
    close(run.words);
  }
  close(run.output);
  close(run.errors);
  return program;
}

/// Waits for the program; others that end meanwhile are orphans of its.
int await(pid_t program, int signals) {
  for (;;) {
    pollfd items[2]{{signals, POLLIN, 0}, {kControlFd, POLLIN, 0}};
    if (poll(items, 2, -1) < 0 && errno != EINTR) give_up("poll");
    if (items[1].revents != 0) {
      Run other;
      if (!receive(other)) _exit(0);
      if (other.request.kind == RequestKind::kTerminate) kill(program, SIGTERM);
    }
    signalfd_siginfo information;
    if (items[0].revents != 0 && read(signals, &information, sizeof information) < 0 && errno != EAGAIN)
      give_up("signals");
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;)
      if (pid == program) return status;
  }
}

/// Whether this is the first process of namespaces of its own, behind a root that is read-only. Elsewhere, in
/// a measurement without walls, "every process" and "/tmp" are the host's: there nothing is ended and nothing
/// cleared.
bool behind_walls() {
  struct statvfs root {};
  return getpid() == 1 && statvfs("/", &root) == 0 && (root.f_flag & ST_RDONLY) != 0;
}

/// Every process here is a descendant of this one: with no child left there is none at all.
void end_everybody() {
  for (;;) {
    kill(-1, SIGKILL);
    if (waitpid(-1, nullptr, __WALL) < 0 && errno == ECHILD) return;
  }
}

int serve() {
  // Nobody of the same user looks into this process.
  if (prctl(PR_SET_DUMPABLE, 0) != 0) give_up("PR_SET_DUMPABLE");
  // What bubblewrap was given is not for programs.
  for (int fd = 3; fd < 256; ++fd)
    if (fd != kControlFd) close(fd);
  fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  const int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) give_up("signalfd");
  const OwnSettings settings;
  say({ReplyKind::kReady, 0, 0});
  for (Run run; receive(run); run = Run()) {
    if (run.request.kind != RequestKind::kRun || run.output < 0) continue;
    const pid_t program = start(run);
    Reply reply{ReplyKind::kEnded, 127 << 8, 0};
    if (program > 0) reply.wait_status = await(program, signals);
    if (behind_walls()) {
      end_everybody();
      reply.left = clear_leftovers();
    }
    if (settings.changed()) reply.left |= kLeftSettings;
    say(reply);
  }
  return 0;
}

}  // namespace
}  // namespace reeve::agent::sandbox

int main() {
  return reeve::agent::sandbox::serve();
}
