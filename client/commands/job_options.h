#pragma once

#include <string>
#include <vector>

#include "client/command_line.h"
#include "client/submission.h"

namespace reeve::client {

/// Options that `submit` and `render` share.
struct JobOptions {
  SubmitOptions submit;
  std::vector<std::string> after;  // job selectors
  Duration time_limit;             // 0: not given
  bool wait = false;
  bool progress = true;
  bool dry_run = false;
  bool logs = false;
  std::string folder;
  FetchOptions fetch;
};

void add_job_options(const Verb& verb, JobOptions& options);
/// Asks the region for the jobs that --after names, and takes over the time limit.
Result<void> resolve_after(Context& context, const JobOptions& options, SubmitOptions& submit);
SubmissionOptions submission_options(const JobOptions& options);

}  // namespace reeve::client
