#include "client/submission.h"

#include "client/offers.h"
#include "client/quantities.h"
#include "client/upload.h"

namespace reeve::client {
namespace {

std::string kernel_text(const StepSpec& step) {
  return step.need.kernel.name;
}

/// Beside what the verb itself gives.
LogFollower follower_of(Context& context, const BuiltJob& job, JobId id) {
  const bool several_steps = job.spec.steps.size() > 1;
  const bool several_tasks = several_steps || job.spec.steps.front().task_count > 1;
  Output& output = context.output();
  LogSelection selection;
  selection.job = id.value();
  return LogFollower(selection, LogPrinter([&output](std::string_view text) { output.aside(text); },
                                           several_tasks, several_steps, Style{}));
}

}  // namespace

View accepted_view(const msg::Accepted& accepted, const BuiltJob& job) {
  const std::string id = std::to_string(accepted.job.value());
  return {{{"job", {{"id", accepted.job.value()}, {"name", job.spec.name}}},
           {"quote", {{"likely_micro", accepted.quote_likely}, {"most_micro", accepted.quote_most}}}},
          "Submitted job " + id + " (" + job.spec.name + "); likely " +
              format_credits(accepted.quote_likely) + " credits, at most " +
              format_credits(accepted.quote_most) + ".\n",
          id + "\n"};
}

Result<msg::Accepted> send_job(Context& context, const BuiltJob& job) {
  auto connection = context.region();
  if (!connection) return connection.error();
  // Before anything is sent: whoever asked for what nobody has wants to know it now.
  const auto unmet = unmet_steps(**connection, job.spec);
  if (unmet)
    for (const std::string& sentence : *unmet)
      context.output().note("note: " + sentence);
  for (const Input& input : job.inputs) {
    if (auto sent = upload_input(context, input); !sent) return sent.error();
  }
  return (*connection)->submit({job.spec, false});
}

View dry_run_view(const BuiltJob& job, const Style& style) {
  Table table({{"STEP", true},
               {"NAME"},
               {"KERNEL"},
               {"TASKS", true},
               {"WORK EACH", true},
               {"RESULT AT MOST", true},
               {"TIME LIMIT", true},
               {"INPUTS", true}});
  Json steps = Json::array();
  std::size_t index = 0;
  for (const StepSpec& step : job.spec.steps) {
    table.row({{std::to_string(index)},
               {step.name},
               {kernel_text(step)},
               {format_count(step.task_count)},
               {format_count(step.work_per_task)},
               {format_size(step.max_result_bytes)},
               {format_duration(step.time_limit)},
               {std::to_string(step.inputs.size())}});
    steps.push_back({{"index", index++},
                     {"name", step.name},
                     {"kernel", step.need.kernel.name},
                     {"tasks", step.task_count},
                     {"work_per_task", step.work_per_task},
                     {"max_result_bytes", step.max_result_bytes},
                     {"time_limit_ns", step.time_limit.ns},
                     {"depends_on", step.depends_on}});
  }
  Json inputs = Json::array();
  std::string text = "Would submit '" + job.spec.name + "':\n" + table.render(style);
  for (const Input& input : job.inputs) {
    inputs.push_back(
        {{"name", input.label}, {"digest", to_hex(input.digest.bytes)}, {"size_bytes", input.size_bytes}});
    text += "input " + input.label + ": " + format_size(input.size_bytes) +
            ", sha256:" + to_hex(input.digest.bytes) + "\n";
  }
  return {{{"dry_run", {{"name", job.spec.name}, {"steps", steps}, {"inputs", inputs}}}}, text, ""};
}

Result<ExitCode> submit_built(Context& context, const BuiltJob& job, const SubmissionOptions& options) {
  for (const std::string& note : job.notes)
    context.output().note("note: " + note);
  if (options.dry_run) {
    context.output().show(dry_run_view(job, context.output().style()));
    return kExitOk;
  }
  // Before anything is spent: a folder that cannot be written to would be found only by the first result.
  if (options.wait && !options.folder.empty()) {
    if (auto made = make_output_folder(options.folder); !made) return made.error();
  }
  auto accepted = send_job(context, job);
  if (!accepted) return accepted.error();
  const View view = accepted_view(*accepted, job);
  if (!options.wait) {
    context.output().show(view);
    return kExitOk;
  }
  context.output().note(view.text.substr(0, view.text.size() - 1));
  LogFollower logs = follower_of(context, job, accepted->job);
  const auto code = wait_and_report(context, accepted->job.value(),
                                    {options.progress, std::nullopt, options.folder, options.says_folder,
                                     options.fetch, options.logs ? &logs : nullptr});
  if (options.shown) *options.shown = {logs.printer().shown_bytes(), logs.printer().missing_bytes()};
  return code;
}

}  // namespace reeve::client
