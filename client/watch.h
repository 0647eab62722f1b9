#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "client/context.h"
#include "client/fetch.h"
#include "client/job_log.h"

namespace reeve::client {

struct WatchOptions {
  bool progress = true;           // the live line, on a terminal
  std::optional<Duration> limit;  // give up waiting after this long; the job lives on
  std::filesystem::path folder;   // fetch results here as they come; empty: do not
  bool says_folder = true;        // to people, at the end
  FetchOptions fetch;
  LogFollower* logs = nullptr;  // shows what tasks write as it comes
};

/// How a job stood when watching ended.
struct WatchEnd {
  std::string state;
  bool interrupted = false;
  std::string failures;  // for people
  Json failed;           // the same as the region has it
  FetchSummary fetched;
};

/// Follows a job until it ends. Ctrl-C, or the limit, ends the watching only.
/// kTimeout: the limit passed.
Result<WatchEnd> watch_job(Context& context, std::uint64_t job, const WatchOptions& options);

/// Watches, says how it ended, and gives the exit code for it: 0, 1 when the job failed, 130.
Result<ExitCode> wait_and_report(Context& context, std::uint64_t job, const WatchOptions& options);

}  // namespace reeve::client
