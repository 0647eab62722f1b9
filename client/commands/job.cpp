#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/commands/job_control.h"
#include "client/commands/job_logs.h"
#include "client/json_fields.h"
#include "client/lookup.h"
#include "client/quantities.h"
#include "client/results.h"
#include "client/views.h"
#include "client/watch.h"

namespace reeve::client {
namespace {

std::string job_path(std::uint64_t job) {
  return "/api/v1/jobs/" + std::to_string(job);
}

struct ListOptions {
  std::string state;
  std::uint32_t limit = 100;
};

Result<ExitCode> list_jobs(Context& context, const ListOptions& options) {
  auto connection = context.region();
  if (!connection) return connection.error();
  std::string path = "/api/v1/jobs?limit=" + std::to_string(options.limit);
  if (!options.state.empty()) path += "&state=" + options.state;
  auto answer = (*connection)->query(path);
  if (!answer) return answer.error();
  context.output().show(jobs_view(*answer, context.output().style()));
  return kExitOk;
}

/// Shows one of a job's pages.
Result<ExitCode> show_page(Context& context, const std::string& selector, const std::string& tail,
                           View (*view)(const Json&, const Style&)) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto job = find_job(**connection, selector);
  if (!job) return job.error();
  auto answer = (*connection)->query(job_path(*job) + tail);
  if (!answer) return answer.error();
  context.output().show(view(*answer, context.output().style()));
  return kExitOk;
}

struct WaitOptions {
  std::string selector;
  Duration limit;
  bool progress = true;
};

Result<ExitCode> wait_for(Context& context, const WaitOptions& options) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto jobs = find_jobs(**connection, options.selector, true);
  if (!jobs) return jobs.error();
  WatchOptions watch;
  watch.progress = options.progress;
  if (options.limit.ns > 0) watch.limit = options.limit;
  ExitCode worst = kExitOk;
  for (const std::uint64_t job : *jobs) {
    auto code = wait_and_report(context, job, watch);
    if (!code || *code == kExitInterrupted) return code;
    if (*code != kExitOk) worst = *code;
  }
  return worst;
}

struct FetchCommand {
  std::string selector;
  std::string folder = "out";
  FetchOptions options;
};

Result<ExitCode> fetch(Context& context, const FetchCommand& command) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto job = find_job(**connection, command.selector);
  if (!job) return job.error();
  auto answer = (*connection)->query(job_path(*job));
  if (!answer) return answer.error();
  auto fetcher = make_fetcher(context, JobId(*job), command.folder, command.options);
  if (auto known = fetcher->learn_steps(member(*answer, "job")); !known) return known.error();
  if (auto fetched = fetcher->fetch_new(); !fetched) return fetched.error();
  const FetchSummary& got = fetcher->summary();
  context.output().show({{{"fetched",
                           {{"job", *job},
                            {"folder", command.folder},
                            {"tasks", got.tasks},
                            {"frames", got.frames},
                            {"bytes", got.bytes}}}},
                         "Fetched " + format_count(got.tasks) + " results (" + format_size(got.bytes) + ", " +
                             format_count(got.frames) + " frames) into " + command.folder + ".\n",
                         command.folder + "\n"});
  return kExitOk;
}

/// A verb of one job that shows a page of it.
void add_page(CommandLine& line, const Verb& job, const char* name, const char* description, const char* tail,
              View (*view)(const Json&, const Style&)) {
  auto selector = std::make_shared<std::string>();
  Verb verb = line.verb(job, name, description, [selector, tail, view](Context& context) {
    return show_page(context, *selector, tail, view);
  });
  verb.option("job", *selector, "An id, or last").required();
}

void add_tasks(CommandLine& line, const Verb& job) {
  struct Options {
    std::string selector;
    std::uint32_t step = 0;
    std::uint32_t first = 0;
    std::uint32_t limit = 1000;
  };
  auto options = std::make_shared<Options>();
  const Verb& verb =
      line.verb(job, "tasks", "List a step's tasks and who ran them", [options](Context& context) {
        const std::string tail = "/tasks?step=" + std::to_string(options->step) +
                                 "&first=" + std::to_string(options->first) +
                                 "&limit=" + std::to_string(options->limit);
        return show_page(context, options->selector, tail, tasks_view);
      });
  verb.option("job", options->selector, "An id, or last").required();
  verb.option("--step", options->step, "Which step, from 0").with_default();
  verb.option("--first", options->first, "From this task on").with_default();
  verb.option("--limit", options->limit, "How many rows").with_default();
}

void add_waiting(CommandLine& line, const Verb& job) {
  auto wait = std::make_shared<WaitOptions>();
  wait->progress = false;
  Verb wait_verb = line.verb(job, "wait", "Wait until jobs have ended; exit 1 if one did not succeed",
                             [wait](Context& context) { return wait_for(context, *wait); });
  wait_verb.option("job", wait->selector, "Ids (1,3,5-8), all or last").required();
  wait_verb.parsed("--limit", wait->limit, parse_duration, "DURATION", "Give up after this long (exit 6)");

  auto watch = std::make_shared<WaitOptions>();
  Verb progress_verb =
      line.verb(job, "progress", "Follow jobs with a live line: done, running, rate, time left",
                [watch](Context& context) { return wait_for(context, *watch); });
  progress_verb.option("job", watch->selector, "Ids (1,3,5-8), all or last").required();
}

}  // namespace

void add_job_commands(CommandLine& line) {
  const Verb& job =
      line.group(line.root(), "job", "Jobs: see them, wait for them, steer them, fetch their results");
  auto list = std::make_shared<ListOptions>();
  Verb list_verb = line.verb(job, "list", "List jobs, newest first",
                             [list](Context& context) { return list_jobs(context, *list); });
  list_verb.option("--state", list->state, "Only those in this state")
      .among({"queued", "running", "paused", "succeeded", "failed", "cancelled"});
  list_verb.option("--limit", list->limit, "How many").with_default();
  add_page(line, job, "info", "Show one job: steps, state, provisional or final results, money", "",
           job_view);
  add_waiting(line, job);
  add_job_control(line, job);
  add_tasks(line, job);
  add_job_logs(line, job);
  auto get = std::make_shared<FetchCommand>();
  Verb fetch_verb =
      line.verb(job, "fetch", "Fetch the results that are there: frames as PNG, others as files",
                [get](Context& context) { return fetch(context, *get); });
  fetch_verb.option("job", get->selector, "An id, or last").required();
  fetch_verb.option("-o,--out", get->folder, "Where to").type("DIR").with_default();
  fetch_verb.option("--exposure", get->options.exposure_stops, "Stops of light for PNG files").with_default();
  fetch_verb.flag("--exr", get->options.exr, "Write linear OpenEXR files too");
  add_page(line, job, "explain", "Say why a job does not run, and what would help", "/explain", explain_view);
}

}  // namespace reeve::client
