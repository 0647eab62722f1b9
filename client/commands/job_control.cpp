#include "client/commands/job_control.h"

#include "client/lookup.h"

namespace reeve::client {
namespace {

/// A verb that changes jobs, and its selector.
struct Control {
  std::string selector;
  msg::JobCommand command;
  const char* done = "";     // "cancelled"
  bool open_only = true;     // what `all` means
  bool failed = false;       // --failed
  bool looks_first = false;  // the region has forgotten whose job it was, and only its view knows
};

Result<ExitCode> steer(Context& context, const Control& control) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto jobs = find_jobs(**connection, control.selector, control.open_only);
  if (!jobs) return jobs.error();
  Json ids = Json::array();
  std::string text;
  std::string quiet;
  for (const std::uint64_t job : *jobs) {
    if (control.looks_first)
      if (auto known = (*connection)->query("/api/v1/jobs/" + std::to_string(job)); !known)
        return known.error();
    msg::JobCommand command = control.command;
    command.job = JobId(job);
    if (auto steered = (*connection)->command(std::move(command)); !steered) {
      const std::string named = "job " + std::to_string(job);
      const std::string& what = steered.error().message;  // the region's own words mostly name the job
      return Error{steered.error().code, what.starts_with(named) ? what : named + ": " + what,
                   steered.error().hint};
    }
    ids.push_back(job);
    text += "Job " + std::to_string(job) + " " + control.done + ".\n";
    quiet += std::to_string(job) + "\n";
  }
  if (jobs->empty()) text = "No job to change.\n";
  context.output().show({{{control.done, ids}}, text, quiet});
  return kExitOk;
}

struct ControlVerb {
  const char* name;
  const char* description;
  msg::JobVerb verb;
  const char* done;
  bool open_only;
};

Verb add_verb(CommandLine& line, const Verb& job, const ControlVerb& verb,
              const std::shared_ptr<Control>& control) {
  control->command.verb = verb.verb;
  control->done = verb.done;
  control->open_only = verb.open_only;
  const Verb added = line.verb(job, verb.name, verb.description,
                               [control](Context& context) { return steer(context, *control); });
  added.option("job", control->selector, "Ids (1,3,5-8), all or last").required();
  return added;
}

}  // namespace

void add_job_control(CommandLine& line, const Verb& job) {
  auto cancel = std::make_shared<Control>();
  add_verb(line, job,
           {"cancel", "End jobs; what is settled stays paid, the rest of the escrow returns",
            msg::JobVerb::kCancel, "cancelled", true},
           cancel)
      .option("--reason", cancel->command.reason, "Why, for whoever looks later");
  add_verb(line, job, {"pause", "Start no further tasks", msg::JobVerb::kPause, "paused", true},
           std::make_shared<Control>());
  add_verb(line, job, {"resume", "Go on with paused jobs", msg::JobVerb::kResume, "resumed", true},
           std::make_shared<Control>());
  auto retry = std::make_shared<Control>();
  add_verb(
      line, job,
      {"retry", "Run the failed tasks again, and nothing else", msg::JobVerb::kRetryFailed, "retried", false},
      retry)
      .flag("--failed", retry->failed, "What it does anyway; for scripts that say what they mean");
  auto forget = std::make_shared<Control>();
  forget->looks_first = true;
  add_verb(line, job,
           {"forget", "Delete what the region keeps of ended jobs: results and logs; the account stays",
            msg::JobVerb::kForget, "forgotten", false},
           forget);
  auto priority = std::make_shared<Control>();
  add_verb(line, job,
           {"priority", "Change jobs' priority among your own", msg::JobVerb::kSetPriority, "changed", true},
           priority)
      .option("priority", priority->command.priority, "-100..100, larger first")
      .required()
      .between(-100, 100);
}

}  // namespace reeve::client
