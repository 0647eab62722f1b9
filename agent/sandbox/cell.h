#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "agent/sandbox/init/protocol.h"
#include "agent/sandbox/launch.h"
#include "agent/sandbox/sandbox.h"

namespace reeve::agent::sandbox {

/// Walls that stand, with nobody in them but a first process of ours: it starts one command after another,
/// ends every process that a command leaves and clears its private /tmp. The working directory is the
/// caller's to clear. Its end, or the worker's, is the end of all in it.
class Cell {
 public:
  Cell(Launched launched, Place place, const Bounds& bounds, Cgroup& cgroup);
  ~Cell();
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;

  /// Until the first process says that it stands. Errors: kIo with bubblewrap's own words.
  Result<void> await_ready();

  /// Runs a command, which must be of this place, to its end or to a bound's, and returns when no process of
  /// it is left. `time` is its bound; zero: the caller sees to it. Errors: kIo where it never began.
  Result<Outcome> run(const Command& command, Duration time);

  /// False once a command was ended for a bound, or left something that could not be cleared: no other runs
  /// here.
  bool usable() const { return usable_; }

  /// The first process, by the host's number.
  pid_t first() const { return init_; }

 private:
  friend class Run;

  /// What a run needs of its command: where it speaks.
  struct Streams {
    Descriptor output;
    Descriptor errors;
  };
  Result<Streams> begin(const Command& command);
  void send(RequestKind kind);
  /// True with a reply; false where none came, for the first process is no more.
  bool receive(Reply& reply);
  void read_status();
  void kill_all();
  /// Kills whatever is left and sees it gone.
  Result<void> reap();
  std::string words();

  Launched launched_;
  Place place_;
  Bounds bounds_;
  Cgroup& cgroup_;
  std::string status_;
  pid_t init_ = -1;  // the first process; its end is everybody's
  Descriptor init_process_;
  bool usable_ = false;
  bool reaped_ = false;
};

}  // namespace reeve::agent::sandbox
