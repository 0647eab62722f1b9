#pragma once

#include <optional>
#include <string>

#include "agent/sandbox/cgroup.h"
#include "agent/sandbox/launch.h"
#include "agent/sandbox/log.h"
#include "agent/sandbox/sandbox.h"

namespace reeve::agent::sandbox {

/// One run from its launch to the end of its last process.
class Run {
 public:
  Run(Launched launched, const Command& command, const Bounds& bounds, const Cgroup& cgroup);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Result<Outcome> finish();

 private:
  void wait();
  bool read_stream(Descriptor& from, bool output);
  void read_status();
  void watch();
  void watch_processes();
  void watch_disk();
  void watch_time();
  void exceed(Bound bound, const std::string& how);
  void kill_all();
  void notify();
  Result<void> reap();
  Result<Outcome> judge();
  void judge_quietly();

  Launched launched_;
  const Command& command_;
  const Bounds& bounds_;
  const Cgroup& cgroup_;
  Outcome outcome_;
  Log log_;
  Lines output_lines_;
  Lines error_lines_;
  std::string status_;
  pid_t init_ = -1;  // the first process of the sandbox; its end is everybody's
  Descriptor init_process_;
  bool ended_ = false;  // bubblewrap is
  std::optional<int> exit_code_;
  int wait_status_ = 0;
  std::uint64_t seen_bytes_ = 0;
  std::int64_t begun_ns_ = 0;
  std::int64_t next_disk_ns_ = 0;
  std::int64_t next_tree_ns_ = 0;
  std::int64_t kill_at_ns_ = 0;  // after a notice; 0: none was given
};

}  // namespace reeve::agent::sandbox
