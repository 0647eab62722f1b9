#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/inputs.h"
#include "client/step_builder.h"
#include "openjd/job.h"
#include "protocol/jobs.h"
#include "protocol/result.h"

/// From an OpenJD template to what a region is asked to do.
namespace reeve::client {

/// What a submission says besides its template.
struct SubmitOptions {
  openjd::ParameterValues parameters;
  std::vector<openjd::EnvironmentDocument> environments;  // entered around the job, the first outermost
  std::vector<openjd::PathMappingRule> path_rules;
  std::string name;  // empty: the template's
  std::int32_t priority = 0;
  std::optional<VerifyPolicy> verify;  // absent: kProgramVerify where a program runs, else adaptive
  std::uint32_t max_retries = 3;
  MicroCredits max_price = 0;  // 0: what the quote says
  std::optional<Duration>
      time_limit;                 // of one task; otherwise the action's timeout, otherwise kDefaultTimeLimit
  std::vector<std::string> tags;  // every step needs them
  std::optional<std::string>
      compare;  // when results of programs agree (comparison.h); absent: with equal bytes
  /// Of a PATH parameter that names a folder: the files below it that go along. Others' folders go whole.
  std::map<std::string, std::vector<std::string>> picked;
  std::uint64_t checkpoint_bytes = 0;  // of programs: what a task may leave for its next attempt; 0: nothing
  std::vector<JobId> after;
  std::string image;  // the archive of the image that programs run in; empty: the system of whoever runs them
  double frames_per_second = 24;  // when a scene is prepared
  bool here = false;              // it runs on this machine alone, whoever else could meet its requirements
};

inline constexpr Duration kDefaultTimeLimit = hours(1);
/// Nobody can recompute a part of a program's result, so two owners run each of its tasks.
inline constexpr VerifyPolicy kProgramVerify{VerifyMode::kQuorum, 2};
/// A gang takes many slots, and what many processes add up in any order seldom is equal: nothing is run
/// twice.
inline constexpr VerifyPolicy kGangVerify{VerifyMode::kNone, 1};

/// A job and the blobs that it names.
struct BuiltJob {
  JobSpec spec;
  std::vector<Input> inputs;       // none twice
  std::vector<std::string> notes;  // what people should know: what a scene's import left out
};

/// Builds the job of a template. Reads input files and prepares scenes; speaks to nobody.
///   template_folder  where relative defaults of the template start
/// Errors: every broken rule of the template and of what environments add to it; a built-in kernel that there
/// is not; an input that cannot be read; a requirement that Reeve does not know. Each names step, field and
/// remedy.
Result<BuiltJob> build_job(std::string_view template_text, const std::filesystem::path& template_folder,
                           const SubmitOptions& options);

/// "the template breaks 2 rule(s); …": the first of `errors`, in one line.
Error broken_rules(const std::string& what, const std::vector<openjd::Diagnostic>& errors);

/// Takes the image that the options name, if any, among a job's inputs, and gives its digest.
/// Errors: those of image_input (program_image.h); kInvalid where no step runs a program.
Result<std::optional<Digest>> add_image(const SubmitOptions& options, bool runs_programs, BuiltJob& built);

/// A job without steps.
JobSpec empty_spec(const SubmitOptions& options, const std::string& name);
StepOptions step_options(const SubmitOptions& options);
/// Refuses a comparison of results that there will not be.
Result<void> check_compared(const SubmitOptions& options, bool runs_programs);

/// `adaptive`, `none` or `quorum:N` with N of 2..limits::kQuorum.
Result<VerifyPolicy> parse_verify(std::string_view text);

/// A comparison (protocol/comparison.h), as a step carries it: "" for `exact`.
Result<std::optional<std::string>> parse_compare(std::string_view text);

}  // namespace reeve::client
