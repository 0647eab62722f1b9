#include "agent/sandbox/run.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "agent/sandbox/watch.h"

namespace reeve::agent::sandbox {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
/// How often a bound is looked at that the kernel does not keep.
constexpr std::int64_t kTreeNs = 50 * kMillisecond;
constexpr std::int64_t kDiskNs = 200 * kMillisecond;
/// Looking at a folder may cost this share of a processor.
constexpr std::int64_t kDiskShare = 20;
/// Killed processes are gone within a moment, unless a device holds them.
constexpr int kReapMs = 30'000;
/// Of the host's disk, whatever a task may have.
constexpr std::uint64_t kDiskReserveBytes = 256ULL << 20;
constexpr std::size_t kReadBytes = 65536;
/// bubblewrap tells two short lines.
constexpr std::size_t kStatusBytes = 4096;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int signal_process(const Descriptor& process, int signal) {
  return static_cast<int>(syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0U));
}

std::string mib(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
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

}  // namespace

Run::Run(Launched launched, const Command& command, const Bounds& bounds, const Cgroup& cgroup)
    : launched_(std::move(launched)),
      command_(command),
      bounds_(bounds),
      cgroup_(cgroup),
      output_lines_(command.on_line),
      error_lines_(command.on_line),
      begun_ns_(now_ns()),
      next_disk_ns_(begun_ns_ + kDiskNs),
      next_tree_ns_(begun_ns_ + kTreeNs) {}

Run::~Run() {
  if (!ended_) {
    kill_all();
    waitpid(launched_.pid, nullptr, 0);
  }
}

void Run::kill_all() {
  if (init_process_.valid()) signal_process(init_process_, SIGKILL);  // and all of its namespace with it
  signal_process(launched_.process, SIGKILL);
}

void Run::exceed(Bound bound, const std::string& how) {
  if (outcome_.exceeded != Bound::kNone) return;
  outcome_.exceeded = bound;
  outcome_.how = how;
  kill_all();
}

/// False at the end of the stream.
bool Run::read_stream(Descriptor& from, bool output) {
  std::array<char, kReadBytes> buffer;
  const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
  seen_bytes_ += text.size();
  if (outcome_.exceeded == Bound::kOutput) return true;  // what is still in the pipe
  log_.add(text);
  (output ? output_lines_ : error_lines_).add(text);
  if (command_.on_text) command_.on_text(text, !output);
  if (output && command_.keep_output) {
    if (outcome_.output.size() + text.size() > bounds_.output_bytes) {
      exceed(Bound::kOutput, "it wrote more than the " + std::to_string(bounds_.output_bytes) +
                                 " bytes that its result may have to its standard output");
    } else {
      outcome_.output.insert(outcome_.output.end(), text.begin(), text.end());
    }
  }
  if (seen_bytes_ > std::max(bounds_.log_bytes, command_.keep_output ? bounds_.output_bytes : 0))
    exceed(Bound::kOutput, "it wrote more than " + mib(bounds_.log_bytes) + " of log");
  return true;
}

void Run::read_status() {
  std::array<char, 1024> buffer;
  for (;;) {
    const ssize_t n = ::read(launched_.status.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n == 0) launched_.status = Descriptor();
      break;
    }
    if (status_.size() < kStatusBytes) status_.append(buffer.data(), static_cast<std::size_t>(n));
  }
  if (const auto code = number_of(status_, "exit-code")) exit_code_ = static_cast<int>(*code);
  if (init_ > 0) return;
  const auto pid = number_of(status_, "child-pid");
  const auto space = number_of(status_, "pid-namespace");
  if (!pid || !space || status_.find('\n') == std::string::npos) return;
  init_ = static_cast<pid_t>(*pid);
  Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, init_, 0U)));
  if (process.valid() && is_in(init_, *space)) init_process_ = std::move(process);
}

void Run::watch_processes() {
  const TreeUse use = tree_use(init_);
  if (use.processes > bounds_.processes)
    exceed(Bound::kProcesses, "it had " + std::to_string(use.processes) + " processes where it may have " +
                                  std::to_string(bounds_.processes));
  if (cgroup_.holds_memory() || use.resident_bytes <= bounds_.memory_bytes) return;
  const std::uint64_t bytes = proportional_bytes(init_);
  if (bytes > bounds_.memory_bytes)
    exceed(Bound::kMemory,
           "it used " + mib(bytes) + " of memory where it may use " + mib(bounds_.memory_bytes));
}

void Run::watch_disk() {
  const FolderUse use = folder_use(command_.work, bounds_);
  const std::uint64_t bytes = use.bytes + (init_ > 0 ? deleted_bytes(init_) : 0);
  if (use.too_deep) exceed(Bound::kFiles, "it nested folders deeper than 64");
  if (use.entries > bounds_.files)
    exceed(Bound::kFiles,
           "it made more than the " + std::to_string(bounds_.files) + " files that it may have");
  if (bytes > bounds_.disk_bytes)
    exceed(Bound::kDisk,
           "it wrote " + mib(bytes) + " where it may have " + mib(bounds_.disk_bytes) + " of disk");
  if (free_bytes(command_.work) < kDiskReserveBytes)
    exceed(Bound::kDisk, "the agent's disk has less than " + mib(kDiskReserveBytes) + " left");
}

/// SIGTERM to the program itself: bubblewrap's first process has it as its child.
void Run::notify() {
  if (command_.on_notice) command_.on_notice();
  const std::string path = "/proc/" + std::to_string(init_) + "/task/" + std::to_string(init_) + "/children";
  if (FILE* file = std::fopen(path.c_str(), "re")) {
    int program = 0;
    if (std::fscanf(file, "%d", &program) == 1 && program > 1) kill(program, SIGTERM);
    std::fclose(file);
  }
}

void Run::watch_time() {
  const std::int64_t now = now_ns();
  if (bounds_.time.ns <= 0 || now - begun_ns_ < bounds_.time.ns) return;
  const std::string how = "it took longer than its " + std::to_string(bounds_.time.ns / 1'000'000'000) + " s";
  if (command_.notice.ns <= 0) return exceed(Bound::kTime, how);
  if (kill_at_ns_ == 0) {
    kill_at_ns_ = now + command_.notice.ns;
    notify();
  } else if (now >= kill_at_ns_) {
    exceed(Bound::kTime, how + ", and did not end when it was told to");
  }
}

void Run::watch() {
  watch_time();
  if (outcome_.exceeded != Bound::kNone) return;
  if (cgroup_.memory_hits() > 0)
    exceed(Bound::kMemory, "it used more memory than the " + mib(bounds_.memory_bytes) + " that it may use");
  if (cgroup_.process_hits() > 0)
    exceed(Bound::kProcesses,
           "it had as many processes and threads as it may: " + std::to_string(bounds_.processes));
  const std::int64_t now = now_ns();
  if (init_ > 0 && now >= next_tree_ns_) {
    watch_processes();
    next_tree_ns_ = now_ns() + std::max(kTreeNs, kDiskShare * (now_ns() - now));
  }
  if (now >= next_disk_ns_) {
    watch_disk();
    next_disk_ns_ = now_ns() + std::max(kDiskNs, kDiskShare * (now_ns() - now));
  }
}

/// Until bubblewrap has ended: it does when the program does.
void Run::wait() {
  while (!ended_) {
    std::array<pollfd, 4> items{pollfd{launched_.process.get(), POLLIN, 0},
                                {launched_.output.get(), POLLIN, 0},
                                {launched_.errors.get(), POLLIN, 0},
                                {launched_.status.get(), POLLIN, 0}};
    poll(items.data(), items.size(), static_cast<int>(kTreeNs / kMillisecond));
    if (items[3].revents != 0) read_status();
    if (items[1].revents != 0 && !read_stream(launched_.output, true)) launched_.output = Descriptor();
    if (items[2].revents != 0 && !read_stream(launched_.errors, false)) launched_.errors = Descriptor();
    if (command_.on_moment) command_.on_moment();
    ended_ = items[0].revents != 0;
    if (!ended_) watch();
  }
}

/// Kills whatever is left and sees it gone.
Result<void> Run::reap() {
  while (waitpid(launched_.pid, &wait_status_, 0) < 0 && errno == EINTR) {
  }
  if (launched_.status.valid()) read_status();
  if (!init_process_.valid()) return {};
  signal_process(init_process_, SIGKILL);
  pollfd item{init_process_.get(), POLLIN, 0};
  int ready = 0;
  while ((ready = poll(&item, 1, kReapMs)) < 0 && errno == EINTR) {
  }
  if (ready > 0) return {};
  return Error{ErrorCode::kIo, "processes of the task cannot be killed: a device or a file system holds them",
               "look for processes in state D, and restart the machine"};
}

/// What ended it, where nobody saw it end: the kernel's counts, and the signals that bounds give.
void Run::judge_quietly() {
  if (outcome_.exceeded != Bound::kNone) return;
  if (kill_at_ns_ != 0)
    return exceed(Bound::kTime,
                  "it took longer than its " + std::to_string(bounds_.time.ns / 1'000'000'000) + " s");
  if (cgroup_.memory_hits() > 0)
    return exceed(Bound::kMemory,
                  "it used more memory than the " + mib(bounds_.memory_bytes) + " that it may use");
  if (outcome_.exit_status == 128 + SIGXFSZ)
    return exceed(Bound::kDisk,
                  "it made a file larger than the " + mib(bounds_.disk_bytes) + " of disk that it may have");
  if (outcome_.exit_status != 0 && cgroup_.process_hits() > 0)
    return exceed(Bound::kProcesses,
                  "it had as many processes and threads as it may: " + std::to_string(bounds_.processes));
  watch_disk();
}

Result<Outcome> Run::judge() {
  output_lines_.end();
  error_lines_.end();
  outcome_.log = log_.text();
  const bool by_us = outcome_.exceeded != Bound::kNone;
  if (!exit_code_ && !by_us && cgroup_.memory_hits() == 0) {
    const std::string words = outcome_.log.substr(0, outcome_.log.find('\n'));
    if (words.starts_with("bwrap: execvp ")) {  // the sandbox stood; what it was to run is not in it
      exit_code_ = 127;
    } else if (init_ < 0 || WIFEXITED(wait_status_)) {
      return Error{ErrorCode::kIo,
                   "the sandbox could not be set up: " + (words.empty() ? "no reason given" : words),
                   "run `reeve agent devices` on that machine"};
    }
  }
  outcome_.exit_status = exit_code_.value_or(128 + SIGKILL);
  judge_quietly();
  if (outcome_.how.empty() && outcome_.exit_status > 128 && outcome_.exit_status < 128 + NSIG) {
    const int signal = outcome_.exit_status - 128;
    const char* name = sigdescr_np(signal);
    outcome_.how = "signal " + std::to_string(signal) + " (" + (name ? name : "unknown") + ")";
  } else if (outcome_.how.empty() && outcome_.exit_status != 0) {
    outcome_.how = "exit status " + std::to_string(outcome_.exit_status);
  }
  return std::move(outcome_);
}

Result<Outcome> Run::finish() {
  wait();
  if (const auto reaped = reap(); !reaped) return reaped.error();
  while (launched_.output.valid() && read_stream(launched_.output, true)) {
  }
  while (launched_.errors.valid() && read_stream(launched_.errors, false)) {
  }
  return judge();
}

}  // namespace reeve::agent::sandbox
