#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "agent/sandbox/sandbox.h"
#include "openjd/step_script.h"
#include "protocol/result.h"

namespace reeve::agent::worker {

/// A step's inputs, made ready once for all of its tasks. They are mounted into each task's working directory
/// read-only, so that none changes what another reads and none is copied; only where one input lies within
/// another does each task have copies of its own.
class StagedInputs {
 public:
  /// `folder` is this step's own and need not be there yet.
  explicit StagedInputs(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~StagedInputs();
  StagedInputs(const StagedInputs&) = delete;
  StagedInputs& operator=(const StagedInputs&) = delete;

  /// `cached` says where each blob lies. Errors: kNotFound for one that is not there; kCorrupt; kIo.
  Result<void> prepare(const std::vector<openjd::StagedInput>& inputs,
                       const std::vector<std::pair<Digest, std::string>>& cached);

  /// Puts what is not mounted into a task's new working directory. Errors: kIo.
  Result<void> place(const std::filesystem::path& work) const;
  std::vector<sandbox::Mount> mounts() const;
  /// Errors where a program has put something else in the place of an input: nothing is mounted through that.
  Result<void> check_places(const std::filesystem::path& work) const;
  /// True for the path of an input, and what is below it: no result of a task.
  bool covers(const std::string& path) const;

 private:
  struct Ready {
    std::string path;  // below the working directory
    std::filesystem::path source;
    bool folder = false;
    bool executable = false;
  };
  Result<void> make_ready(const openjd::StagedInput& input, const std::string& cached);

  std::filesystem::path folder_;
  std::vector<Ready> ready_;
  bool copied_ = false;  // rather than mounted
};

}  // namespace reeve::agent::worker
