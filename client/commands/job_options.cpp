#include "client/commands/job_options.h"

#include "client/lookup.h"
#include "client/quantities.h"

namespace reeve::client {
namespace {

Result<std::optional<VerifyPolicy>> parse_verify_option(std::string_view text) {
  auto verify = parse_verify(text);
  if (!verify) return verify.error();
  return std::optional<VerifyPolicy>(*verify);
}

}  // namespace

void add_job_options(const Verb& verb, JobOptions& options) {
  SubmitOptions& submit = options.submit;
  verb.option("--name", submit.name, "The job's name, if not the template's");
  verb.option("--priority", submit.priority, "Among your own jobs, larger first")
      .between(-100, 100)
      .with_default();
  verb.parsed("--verify", submit.verify, parse_verify_option, "adaptive|quorum:N|none",
              "How results are checked (default adaptive; of programs quorum:2)");
  verb.parsed("--compare", submit.compare, parse_compare, "COMPARISON",
              "When results of programs agree: exact (the default), pixels, image:psnr=40, "
              "tensor:rtol=1e-5,atol=1e-8, command:LINE");
  verb.option("--max-retries", submit.max_retries, "Owners on which a task may fail before it has failed")
      .with_default();
  verb.parsed("--max-price", submit.max_price, parse_credits, "CREDITS",
              "Refuse the job if it could cost more (default: its quote)");
  verb.parsed("--time-limit", options.time_limit, parse_duration, "DURATION",
              "Of one task (default: the template's timeout, or 1h)");
  verb.repeated("--tag", submit.tags, "Run on agents with this tag only; may be repeated");
  verb.repeated("--after", options.after, "Start when these jobs have succeeded").type("JOB");
  verb.flag("--wait", options.wait, "Wait until the job has ended; Ctrl-C leaves it alive");
  verb.flag("--progress,!--no-progress", options.progress,
            "Show progress while waiting: a live line, or lines now and then where there is no terminal");
  verb.flag("--logs", options.logs, "While waiting: show what tasks write as it comes, on standard error");
  verb.flag("--dry-run", options.dry_run, "Check and show what would be submitted, without a region");
  verb.option("-o,--out", options.folder, "With --wait: fetch results into this folder as they come")
      .type("DIR");
}

Result<void> resolve_after(Context& context, const JobOptions& options, SubmitOptions& submit) {
  if (options.time_limit.ns > 0) submit.time_limit = options.time_limit;
  if (!options.folder.empty() && !options.wait && !options.dry_run) {
    return Error{ErrorCode::kInvalid, "-o needs --wait: without it there is nothing to fetch yet",
                 "add --wait, or fetch later with `reeve job fetch`"};
  }
  if (options.logs && !options.wait && !options.dry_run) {
    return Error{ErrorCode::kInvalid, "--logs needs --wait: without it nobody is there to see them",
                 "add --wait, or follow later with `reeve job logs last -f`"};
  }
  if (options.after.empty()) return {};
  auto connection = context.region();
  if (!connection) return connection.error();
  for (const std::string& selector : options.after) {
    auto ids = find_jobs(**connection, selector, false);
    if (!ids) return ids.error();
    for (const std::uint64_t id : *ids)
      submit.after.push_back(JobId(id));
  }
  return {};
}

SubmissionOptions submission_options(const JobOptions& options) {
  return {options.wait, options.progress, options.dry_run, options.folder, options.fetch, true, options.logs};
}

}  // namespace reeve::client
