#pragma once

#include <optional>
#include <string>

#include "agent/sandbox/cell.h"
#include "agent/sandbox/cgroup.h"
#include "agent/sandbox/log.h"
#include "agent/sandbox/sandbox.h"

namespace reeve::agent::sandbox {

/// One command in a cell, from its start to the end of its last process.
class Run {
 public:
  Run(Cell& cell, Cell::Streams streams, const Command& command);

  Result<Outcome> finish();

 private:
  void wait();
  bool read_stream(Descriptor& from, bool output);
  void watch();
  void watch_processes();
  void watch_disk();
  void watch_hits();
  void watch_end();
  void ask_to_end(Bound why, std::string how, Duration notice);
  void exceed(Bound bound, const std::string& how);
  Result<Outcome> judge();
  void judge_quietly();

  Cell& cell_;
  Cell::Streams streams_;
  const Command& command_;
  const Bounds& bounds_;
  Outcome outcome_;
  Log log_;
  Lines output_lines_;
  Lines error_lines_;
  bool ended_ = false;
  bool replied_ = false;
  Reply reply_;
  std::uint64_t seen_bytes_ = 0;
  std::int64_t begun_ns_ = 0;
  std::int64_t next_disk_ns_ = 0;
  std::int64_t next_tree_ns_ = 0;
  // after a notice
  Bound asked_for_ = Bound::kNone;
  std::string asked_how_;
  std::int64_t kill_at_ns_ = 0;
};

}  // namespace reeve::agent::sandbox
