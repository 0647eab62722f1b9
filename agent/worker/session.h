#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/sandbox/cell.h"
#include "agent/sandbox/sandbox.h"
#include "agent/worker/baseline.h"
#include "agent/worker/directives.h"
#include "agent/worker/staging.h"
#include "agent/worker/task_log.h"
#include "openjd/task.h"
#include "protocol/messages.h"

namespace reeve::agent::worker {

/// Why a task has no result.
struct Failure {
  msg::FailureReason reason = msg::FailureReason::kProgramFailed;
  std::string message;
};

/// What a session hears from its agent and tells it.
struct SessionSignals {
  /// A value: what runs is to end, within so long.
  std::function<std::optional<Duration>()> cancelled;
  /// How long it may take from now on to end, were it cancelled.
  std::function<void(Duration)> patience;
  /// Called every moment while an action runs. Null: nobody asks.
  std::function<void()> moment{};
};

/// What a session's sandboxes have besides the step's own.
struct Extras {
  std::vector<sandbox::Mount> mounts;
  std::string hostname;  // empty: the usual one
  std::string hosts;     // and the usual /etc/hosts
  /// Hears of each sandbox before anything runs in it: the number of its first process. Null: nobody asks.
  std::function<Result<void>(pid_t)> on_cell;
  std::filesystem::path root{};  // of the step's image; empty: the host's system
  sandbox::GpuAccess gpus{};
};

/// One working directory, one sandbox, the environments that are entered in them, and the tasks of one step,
/// one after another. Between two actions nothing lives on but files; between two tasks only those files that
/// the environments left. After a failure it is left: nobody knows what that one has done to it. Source: Open
/// Job Description, How Jobs Are Run, "Sessions".
class Session {
 public:
  using Variables = openjd::SessionVariables::Map;
  struct Setup {
    sandbox::Sandbox& sandbox;
    const openjd::StepScript& script;
    const StagedInputs& inputs;
    std::filesystem::path folder;  // the session's own; made anew
    sandbox::Bounds bounds;
    Variables variables;  // of every action
    SessionSignals signals;
    Extras extras{};
    bool keeps_checkpoints = false;      // programs find kCheckpointFolder ...
    std::filesystem::path checkpoint{};  // ... and in it what this bundle holds; empty: nothing
  };

  explicit Session(Setup setup);
  /// Removes the folder.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// A task begins, of which all actions together may take so long; zero: no bound.
  void begin_task(Duration limit);
  /// Who hears from now on what actions write; null: nobody does.
  void log_to(TaskLog* log) { log_ = log; }
  /// Makes the working directory and enters every environment, in order.
  std::optional<Failure> enter();
  /// Clears what the last task has left. False where that cannot be: the next one needs another session.
  bool renew();
  /// Runs the task's program with these variables besides those of every action. `output` is filled with its
  /// standard output where it is asked for.
  std::optional<Failure> run_task(const openjd::TaskValues& values, Variables variables, Bytes* output);
  /// Leaves the environments that were entered, in reverse, whatever happened in them. Returns what failed
  /// first; only where the step says so does that count.
  std::optional<Failure> leave();

  std::filesystem::path work() const { return setup_.folder / "work"; }

 private:
  /// How one kind of action is treated.
  struct Manner {
    std::string who;                   // for messages
    std::uint32_t usual_notice_s = 0;  // where the action does not say
    bool sets_variables = false;
    bool leaves = false;  // is not cancelled again, and has a time of its own
  };
  std::optional<Failure> act(const openjd::Action& action, const openjd::Symbols& symbols,
                             const Manner& manner, Bytes* output);
  openjd::HostValues host_values(const std::vector<openjd::EmbeddedFile>& files,
                                 const std::string& folder) const;
  Result<void> write_files(const std::vector<openjd::EmbeddedFile>& files, const std::string& folder,
                           const openjd::Symbols& symbols) const;
  std::optional<Failure> enter(const openjd::Environment& environment, std::size_t index);
  std::optional<Failure> leave(const openjd::Environment& environment, std::size_t index);
  sandbox::Command command(const openjd::CommandLine& line);
  void write_notice(Duration notice) const;
  std::optional<Failure> ready_cell(bool leaves);
  sandbox::Place place() const;
  void watch_for_end(sandbox::Command& what, const openjd::Action& action, const Manner& manner);
  std::optional<Duration> heard();
  /// What leaving every environment may take.
  Duration leaving() const;
  Duration time_for(const openjd::Action& action, const Manner& manner) const;
  Result<void> make_folders() const;
  Result<void> place_checkpoint() const;
  std::optional<Failure> judge(const sandbox::Outcome& outcome, const std::string& who) const;

  Setup setup_;
  Directives directives_;
  std::unique_ptr<sandbox::Cell> cell_;
  Baseline baseline_;
  bool remembered_ = false;  // the baseline
  Variables task_variables_;
  TaskLog* log_ = nullptr;
  std::int64_t task_end_ns_ = 0;  // 0: no bound
  std::int64_t hurry_ns_ = 0;     // when all is to be over, once it was cancelled; 0: it was not
  std::size_t entered_ = 0;       // environments
};

}  // namespace reeve::agent::worker
