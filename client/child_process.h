#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "protocol/result.h"
#include "protocol/units.h"

/// Other programs of Reeve, started and watched by this one.
namespace reeve::client {

using Words = std::vector<std::string>;

/// The program of that name beside this executable.
std::string sibling(const std::string& program);

/// Runs a program to its end. Returns what it wrote to stdout, without the last line break; kIo with the end
/// of what it wrote to stderr where it failed.
Result<std::string> run_to_end(const Words& command);

/// A program that runs until stop(). Its stdout and stderr go to `log`.
class ChildProcess {
 public:
  static Result<ChildProcess> start(const Words& command, const std::filesystem::path& log);
  ChildProcess() = default;  // none
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  bool alive() const;
  /// SIGTERM, then waits; SIGKILL after `patience`. Returns the exit status, 128 + the signal for one that
  /// was killed.
  int stop(Duration patience);

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
};

/// The first of four free ports in a row on 127.0.0.1 (control, bulk, HTTP, the log), below those that the
/// system gives to connections. kConflict: there are none.
Result<std::uint16_t> free_ports();

}  // namespace reeve::client
