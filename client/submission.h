#pragma once

#include <filesystem>

#include "client/context.h"
#include "client/job_builder.h"
#include "client/watch.h"

namespace reeve::client {

struct ShownLogs {
  std::uint64_t bytes = 0;
  std::uint64_t missing_bytes = 0;  // dropped on the way
};

/// What happens around a submission: shared by `submit` and `render`.
struct SubmissionOptions {
  bool wait = false;
  bool progress = false;
  bool dry_run = false;
  std::filesystem::path folder;  // where results go; empty: they are not fetched
  FetchOptions fetch;
  bool says_folder = true;     // to people, at the end
  bool logs = false;           // while waiting, what tasks write is shown on standard error
  ShownLogs* shown = nullptr;  // how much that was; null: nobody asks
};

/// Uploads the inputs and submits the job; says beforehand what nobody in the region has.
Result<msg::Accepted> send_job(Context& context, const BuiltJob& job);
/// What to say of a job that was taken.
View accepted_view(const msg::Accepted& accepted, const BuiltJob& job);

/// Uploads the inputs, submits the job and, if asked, waits for it and fetches its results.
Result<ExitCode> submit_built(Context& context, const BuiltJob& job, const SubmissionOptions& options);

/// What a job would ask for, without a region.
View dry_run_view(const BuiltJob& job, const Style& style);

}  // namespace reeve::client
