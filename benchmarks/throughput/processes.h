#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "protocol/result.h"
#include "protocol/units.h"

/// Programs beside this one, started and watched.
namespace reeve::bench {

using Words = std::vector<std::string>;

/// The program of that name beside this executable.
std::string sibling(const std::string& program);

/// Runs a program to its end. Returns what it wrote to stdout, without the last line break; kIo with the end
/// of what it wrote to stderr where it failed.
Result<std::string> run_to_end(const Words& command);

/// A program that runs until stop(). Its stdout and stderr go to `log`.
class Process {
 public:
  static Result<Process> start(const Words& command, const std::filesystem::path& log);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  bool alive() const;
  /// SIGTERM, then waits; SIGKILL after `patience`. Returns the exit status, 128 + the signal for one that
  /// was killed.
  int stop(Duration patience);

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

/// User and system time of a process so far.
Duration cpu_time(pid_t pid);
/// Memory of a process that nobody else has (private resident pages), in bytes.
std::uint64_t private_memory_bytes(pid_t pid);

/// Nanoseconds of a clock that only passes.
std::int64_t steady_ns();

}  // namespace reeve::bench
