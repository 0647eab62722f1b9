#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/sandbox/sandbox.h"
#include "protocol/bundle_files.h"

namespace reeve::agent::sandbox {

/// Groups of the kernel that hold one slot's programs to their memory and their number of processes: version
/// 1 or 2, as far as this process may make them.
class Cgroup {
 public:
  explicit Cgroup(const std::string& name);
  ~Cgroup();
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;

  /// Sets the bounds for the next cell; what is left from an earlier one is killed.
  void prepare(const Bounds& bounds);
  /// Counts hits anew: another run begins.
  void begin_run();
  bool holds_memory() const { return holds_memory_; }
  bool holds_processes() const { return holds_processes_; }
  /// Files to which a process writes "0" to enter.
  std::vector<std::string> doors() const;

  /// Times that the kernel killed for memory, or refused a process, since begin_run().
  std::uint64_t memory_hits() const;
  std::uint64_t process_hits() const;

 private:
  void open_version_1(const std::string& name);
  void open_version_2(const std::string& name);
  std::uint64_t memory_kills() const;
  std::uint64_t refused_processes() const;

  bool version_2_ = false;
  std::filesystem::path memory_;  // empty: none
  std::filesystem::path processes_;
  Descriptor memory_events_;
  Descriptor process_events_;
  bool holds_memory_ = false;
  bool holds_processes_ = false;
  std::uint64_t memory_before_ = 0;
  std::uint64_t processes_before_ = 0;
};

}  // namespace reeve::agent::sandbox
