#include "client/commands/job_logs.h"

#include "client/job_log.h"
#include "client/json_fields.h"
#include "client/lookup.h"
#include "client/metrics.h"
#include "client/quantities.h"
#include "client/watch.h"

namespace reeve::client {
namespace {

/// What both verbs take.
struct LogVerb {
  std::string selector;
  std::string step;
  std::string tasks;
  std::string attempt;
  bool follow = false;
  bool all = false;
  bool csv = false;
};

/// What was asked for, and how much of the job that is.
struct Asked {
  LogSelection selection;
  bool several_steps = false;
  bool several_tasks = false;
};

Result<Asked> understand(Connection& connection, const LogVerb& verb) {
  Asked asked;
  auto job = find_job(connection, verb.selector);
  if (!job) return job.error();
  asked.selection.job = *job;
  if (!verb.step.empty()) {
    const auto step = parse_number(verb.step, UINT32_MAX, "step");
    if (!step) return step.error();
    asked.selection.step = static_cast<std::uint32_t>(*step);
  }
  if (!verb.attempt.empty()) {
    const auto attempt = parse_number(verb.attempt, INT64_MAX, "attempt");
    if (!attempt) return attempt.error();
    asked.selection.attempt = *attempt;
  }
  asked.selection.tasks = verb.tasks;
  auto answer = connection.query("/api/v1/jobs/" + std::to_string(*job));
  if (!answer) return answer.error();
  const Json& steps = list_of(member(*answer, "job"), "steps");
  std::uint64_t tasks = 0;
  for (const Json& step : steps)
    if (!asked.selection.step || number_of(step, "index") == *asked.selection.step)
      tasks += number_of(step, "tasks");
  asked.several_steps = steps.size() > 1 && !asked.selection.step;
  const bool one_task = !verb.tasks.empty() && verb.tasks.find('-') == std::string::npos;
  asked.several_tasks = asked.several_steps || (tasks > 1 && !one_task);
  return asked;
}

/// One line of JSON a piece, so that a program can read while they come.
void write_part(Output& output, const LogPart& part) {
  const Json line{{"step", part.name.step},
                  {"task", part.name.task},
                  {"attempt", part.name.attempt},
                  {"offset", part.offset},
                  {"text", part.text}};
  output.text(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<ExitCode> follow(Context& context, const Asked& asked) {
  Output& output = context.output();
  const bool prefixed = asked.several_tasks && output.format() == Format::kTable;
  const LogPrinter printer([&output](std::string_view text) { output.text(text); }, prefixed,
                           asked.several_steps, output.style());
  std::function<void(const LogPart&)> as_json;
  if (output.format() == Format::kJson)
    as_json = [&output](const LogPart& part) { write_part(output, part); };
  LogFollower follower(asked.selection, printer, as_json);
  WatchOptions watch;
  watch.progress = false;
  watch.logs = &follower;
  const auto end = watch_job(context, asked.selection.job, watch);
  if (!end) return end.error();
  return end->interrupted ? kExitInterrupted : kExitOk;
}

Result<std::vector<LogInfo>> wanted_logs(Connection& connection, const LogSelection& selection) {
  auto logs = list_logs(connection, selection);
  if (!logs || selection.attempt) return logs;
  return chosen_logs(*logs);
}

Result<ExitCode> show_json(Context& context, Connection& connection, const Asked& asked,
                           const std::vector<LogInfo>& logs) {
  Json list = Json::array();
  for (const LogInfo& log : logs) {
    auto text = read_log(connection, asked.selection.job, log.name);
    if (!text) return text.error();
    list.push_back({{"step", log.name.step},
                    {"task", log.name.task},
                    {"attempt", log.name.attempt},
                    {"agent_name", log.agent},
                    {"outcome", log.outcome},
                    {"bytes", log.bytes},
                    {"kept_bytes", log.kept_bytes},
                    {"text", std::move(*text)}});
  }
  context.output().show({{{"logs", std::move(list)}}, "", ""});
  return kExitOk;
}

Result<ExitCode> show(Context& context, Connection& connection, const Asked& asked) {
  const auto logs = wanted_logs(connection, asked.selection);
  if (!logs) return logs.error();
  Output& output = context.output();
  if (output.format() == Format::kJson) return show_json(context, connection, asked, *logs);
  const bool prefixed = asked.several_tasks && output.format() == Format::kTable;
  for (const LogInfo& log : *logs) {
    LogPrinter printer([&output](std::string_view text) { output.text(text); }, prefixed, asked.several_steps,
                       output.style());
    LogReader reader(connection, {asked.selection.job, static_cast<std::uint32_t>(log.name.step),
                                  std::to_string(log.name.task), log.name.attempt});
    while (reader.more()) {
      const auto parts = reader.next();
      if (!parts) return parts.error();
      for (const LogPart& part : *parts)
        printer.show(part);
    }
    printer.end_all();
  }
  if (logs->empty()) output.note("Nothing was written yet, or it is not kept any more.");
  return kExitOk;
}

Result<ExitCode> logs(Context& context, const LogVerb& verb) {
  auto connection = context.region();
  if (!connection) return connection.error();
  const auto asked = understand(**connection, verb);
  if (!asked) return asked.error();
  return verb.follow ? follow(context, *asked) : show(context, **connection, *asked);
}

Result<ExitCode> metrics(Context& context, const LogVerb& verb) {
  auto connection = context.region();
  if (!connection) return connection.error();
  const auto asked = understand(**connection, verb);
  if (!asked) return asked.error();
  const auto logs = wanted_logs(**connection, asked->selection);
  if (!logs) return logs.error();
  std::vector<MetricRow> rows;
  for (const LogInfo& log : *logs) {
    const auto text = read_log(**connection, asked->selection.job, log.name);
    if (!text) return text.error();
    std::vector<MetricRow> more = metric_rows(log.name, *text, verb.all);
    std::move(more.begin(), more.end(), std::back_inserter(rows));
  }
  View view = metrics_view(rows, asked->several_steps, context.output().style());
  if (verb.csv) view.text = metrics_csv(rows, asked->several_steps);
  context.output().show(view);
  return kExitOk;
}

void add_selection(const Verb& verb, LogVerb& options) {
  verb.option("job", options.selector, "An id, or last").required();
  verb.option("--step", options.step, "Which step, from 0 (default: every step)").type("N");
  verb.parsed("--task", options.tasks, parse_tasks, "N|A-B", "Which tasks, from 0 (default: every task)");
  verb.option("--attempt", options.attempt,
              "Which attempt (default: the one whose result counts, else the newest)")
      .type("N");
}

}  // namespace

void add_job_logs(CommandLine& line, const Verb& job) {
  auto options = std::make_shared<LogVerb>();
  const Verb logs_verb = line.verb(job, "logs", "Show what tasks wrote, also while they run",
                                   [options](Context& context) { return logs(context, *options); });
  add_selection(logs_verb, *options);
  logs_verb.flag("-f,--follow", options->follow, "Go on until the job has ended");
  auto table = std::make_shared<LogVerb>();
  const Verb metrics_verb =
      line.verb(job, "metrics", "Show a table of what tasks wrote as 'reeve_metric: NAME=VALUE …'",
                [table](Context& context) { return metrics(context, *table); });
  add_selection(metrics_verb, *table);
  metrics_verb.flag("--all", table->all, "A row for each line, not the last values of each task alone");
  metrics_verb.flag("--csv", table->csv, "As comma-separated values");
}

}  // namespace reeve::client
