#include "agent/sandbox/run.h"

#include <poll.h>
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
/// Of the host's disk, whatever a task may have.
constexpr std::uint64_t kDiskReserveBytes = 256ULL << 20;
constexpr std::size_t kReadBytes = 65536;
std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string mib(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

/// Rounded up: what is left of a task's time is told as the time that it had.
std::int64_t whole_seconds(Duration time) {
  return (time.ns + 999'999'999) / 1'000'000'000;
}

}  // namespace

Run::Run(Cell& cell, Cell::Streams streams, const Command& command)
    : cell_(cell),
      streams_(std::move(streams)),
      command_(command),
      bounds_(cell.bounds_),
      output_lines_(command.on_line),
      error_lines_(command.on_line),
      begun_ns_(now_ns()),
      next_disk_ns_(begun_ns_ + kDiskNs),
      next_tree_ns_(begun_ns_ + kTreeNs) {}

void Run::exceed(Bound bound, const std::string& how) {
  if (outcome_.exceeded != Bound::kNone) return;
  outcome_.exceeded = bound;
  outcome_.how = how;
  cell_.kill_all();
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

void Run::watch_processes() {
  const TreeUse use = tree_use(cell_.init_);
  if (use.processes > bounds_.processes)
    exceed(Bound::kProcesses, "it had " + std::to_string(use.processes) + " processes where it may have " +
                                  std::to_string(bounds_.processes));
  if (cell_.cgroup_.holds_memory() || use.resident_bytes <= bounds_.memory_bytes) return;
  const std::uint64_t bytes = proportional_bytes(cell_.init_);
  if (bytes > bounds_.memory_bytes)
    exceed(Bound::kMemory,
           "it used " + mib(bytes) + " of memory where it may use " + mib(bounds_.memory_bytes));
}

void Run::watch_disk() {
  const FolderUse use = folder_use(command_.work, bounds_);
  const std::uint64_t bytes = use.bytes + (ended_ ? 0 : deleted_bytes(cell_.init_));
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

void Run::ask_to_end(Bound why, std::string how, Duration notice) {
  if (notice.ns <= 0) return exceed(why, how);
  asked_for_ = why;
  asked_how_ = std::move(how);
  kill_at_ns_ = now_ns() + notice.ns;
  if (command_.on_notice) command_.on_notice(notice);
  cell_.send(RequestKind::kTerminate);
}

/// Time that is over, or somebody who wants no more of it.
void Run::watch_end() {
  const std::int64_t now = now_ns();
  const std::optional<Duration> within = command_.cancelled ? command_.cancelled() : std::nullopt;
  if (asked_for_ != Bound::kNone) {
    // Who is told to hurry has no more than that, whatever he was promised.
    if (within) kill_at_ns_ = std::min(kill_at_ns_, now + within->ns);
    if (now >= kill_at_ns_) exceed(asked_for_, asked_how_ + ", and did not end when it was told to");
  } else if (within) {
    ask_to_end(Bound::kCancelled, "it was cancelled", std::min(command_.notice, *within));
  } else if (bounds_.time.ns > 0 && now - begun_ns_ >= bounds_.time.ns) {
    ask_to_end(Bound::kTime,
               "it took longer than its time limit of " + std::to_string(whole_seconds(bounds_.time)) + " s",
               command_.notice);
  }
}

void Run::watch_hits() {
  if (cell_.cgroup_.memory_hits() > 0)
    exceed(Bound::kMemory, "it used more memory than the " + mib(bounds_.memory_bytes) + " that it may use");
  if (cell_.cgroup_.process_hits() > 0)
    exceed(Bound::kProcesses,
           "it had as many processes and threads as it may: " + std::to_string(bounds_.processes));
}

void Run::watch() {
  watch_end();
  if (outcome_.exceeded != Bound::kNone) return;
  const std::int64_t now = now_ns();
  if (now >= next_tree_ns_) {
    watch_hits();
    watch_processes();
    next_tree_ns_ = now_ns() + std::max(kTreeNs, kDiskShare * (now_ns() - now));
  }
  if (now >= next_disk_ns_) {
    watch_disk();
    next_disk_ns_ = now_ns() + std::max(kDiskNs, kDiskShare * (now_ns() - now));
  }
}

/// Until the first process says that nobody is left, or is gone itself.
void Run::wait() {
  while (!ended_) {
    std::array<pollfd, 4> items{pollfd{cell_.launched_.control.get(), POLLIN, 0},
                                {streams_.output.get(), POLLIN, 0},
                                {streams_.errors.get(), POLLIN, 0},
                                {cell_.launched_.process.get(), POLLIN, 0}};
    poll(items.data(), items.size(), static_cast<int>(kTreeNs / kMillisecond));
    if (items[1].revents != 0 && !read_stream(streams_.output, true)) streams_.output = Descriptor();
    if (items[2].revents != 0 && !read_stream(streams_.errors, false)) streams_.errors = Descriptor();
    if (items[0].revents != 0) replied_ = cell_.receive(reply_) && reply_.kind == ReplyKind::kEnded;
    if (command_.on_moment) command_.on_moment();
    ended_ = items[0].revents != 0 || items[3].revents != 0;
    if (!ended_) watch();
  }
}

/// What ended it, where nobody saw it end: the kernel's counts, and the signals that bounds give.
void Run::judge_quietly() {
  if (outcome_.exceeded != Bound::kNone) return;
  if (asked_for_ != Bound::kNone) return exceed(asked_for_, asked_how_);
  if (cell_.cgroup_.memory_hits() > 0)
    return exceed(Bound::kMemory,
                  "it used more memory than the " + mib(bounds_.memory_bytes) + " that it may use");
  if (outcome_.exit_status == 128 + SIGXFSZ)
    return exceed(Bound::kDisk,
                  "it made a file larger than the " + mib(bounds_.disk_bytes) + " of disk that it may have");
  if (outcome_.exit_status != 0 && cell_.cgroup_.process_hits() > 0)
    return exceed(Bound::kProcesses,
                  "it had as many processes and threads as it may: " + std::to_string(bounds_.processes));
  if (!command_.untouched || !command_.untouched()) watch_disk();
}

Result<Outcome> Run::judge() {
  output_lines_.end();
  error_lines_.end();
  outcome_.log = log_.text();
  const int status = reply_.wait_status;
  outcome_.exit_status = !replied_             ? 128 + SIGKILL
                         : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                               : WEXITSTATUS(status);
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
  if (!replied_ || reply_.left != 0 || outcome_.exceeded != Bound::kNone) {
    if (const auto gone = cell_.reap(); !gone) return gone.error();
  }
  while (streams_.output.valid() && read_stream(streams_.output, true)) {
  }
  while (streams_.errors.valid() && read_stream(streams_.errors, false)) {
  }
  auto outcome = judge();
  if (outcome_.exceeded != Bound::kNone) cell_.kill_all();
  return outcome;
}

}  // namespace reeve::agent::sandbox
