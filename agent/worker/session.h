#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/sandbox/sandbox.h"
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

/// One working directory, the environments that are entered in it, and actions, one after another.
/// Source: Open Job Description, How Jobs Are Run, "Sessions".
class Session {
 public:
  using Variables = openjd::SessionVariables::Map;
  struct Setup {
    sandbox::Sandbox& sandbox;
    const openjd::StepScript& script;
    const StagedInputs& inputs;
    std::filesystem::path folder;  // the session's own; made anew
    sandbox::Bounds bounds;
    Variables variables;     // of every action
    TaskLog* log = nullptr;  // hears what actions write; null: nobody does
  };

  explicit Session(Setup setup) : setup_(std::move(setup)), directives_(setup_.script.redacted_variables) {}
  /// Removes the folder.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Makes the working directory and enters every environment, in order.
  std::optional<Failure> enter();
  /// Runs the task's program. `output` is filled with its standard output where it is asked for.
  std::optional<Failure> run_task(const openjd::TaskValues& values, Bytes* output);
  /// Leaves the environments that were entered, in reverse; what fails there does not undo a task's result.
  void leave();

  std::filesystem::path work() const { return setup_.folder / "work"; }

 private:
  /// How one kind of action is treated.
  struct Manner {
    std::string who;                   // for messages
    std::uint32_t usual_notice_s = 0;  // where the action does not say
    bool sets_variables = false;
  };
  std::optional<Failure> act(const openjd::Action& action, const openjd::Symbols& symbols,
                             const Manner& manner, Bytes* output);
  openjd::HostValues host_values(const std::vector<openjd::EmbeddedFile>& files,
                                 const std::string& folder) const;
  Result<void> write_files(const std::vector<openjd::EmbeddedFile>& files, const std::string& folder,
                           const openjd::Symbols& symbols) const;
  std::optional<Failure> enter(const openjd::Environment& environment, std::size_t index);
  void leave(const openjd::Environment& environment, std::size_t index);
  sandbox::Command command(const openjd::CommandLine& line);
  void write_notice(std::uint32_t notice_s) const;
  Result<void> make_folders() const;
  std::optional<Failure> judge(const sandbox::Outcome& outcome, const std::string& who) const;

  Setup setup_;
  Directives directives_;
  std::size_t entered_ = 0;  // environments
};

}  // namespace reeve::agent::worker
