#include <chrono>
#include <thread>

#include "client/commands/all.h"
#include "client/commands/submit.h"
#include "client/json_fields.h"
#include "client/offers.h"
#include "client/submission.h"
#include "client/throwaway_region.h"

namespace reeve::client {
namespace {

constexpr auto kLook = std::chrono::milliseconds(50);
constexpr auto kPatience = std::chrono::seconds(20);

/// Waits for the agent, and refuses what it does not offer: nobody else will come.
Result<void> check_agent(Context& context, const ThrowawayRegion& region, const BuiltJob& job) {
  auto connection = context.region();
  if (!connection) return connection.error();
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto answer = (*connection)->query("/api/v1/offers");
    if (!answer) return answer.error();
    if (!list_of(*answer, "offers").empty()) break;
    if (std::chrono::steady_clock::now() >= end)
      return Error{ErrorCode::kUnreachable, "the throwaway agent did not come up: " + region.agent_log(),
                   "see what it says"};
    std::this_thread::sleep_for(kLook);
  }
  const auto unmet = unmet_steps(**connection, job.spec);
  if (!unmet) return unmet.error();
  if (unmet->empty()) return {};
  return Error{
      ErrorCode::kNotAllowed, unmet->front(),
      "this machine runs the throwaway region's only agent; `reeve agent devices` says what it offers"};
}

Result<ExitCode> run_here(Context& context, SubmitVerb& options) {
  options.job.wait = true;
  auto built = build_submission(context, options);
  if (!built) return built.error();
  const SubmissionOptions submission = submission_options(options.job);
  if (submission.dry_run) return submit_built(context, *built, submission);
  built->spec.verify = {VerifyMode::kNone, 1};  // there is nobody here who could check anybody
  const auto region = ThrowawayRegion::make();
  if (!region) return region.error();
  const auto config =
      Config::load({{"home", (*region)->requester_home()}, {"output", context.config().get("output")}},
                   context.environment());
  if (!config) return config.error();
  Context inside(context.output(), *config, context.environment(), context.connector());
  if (auto able = check_agent(inside, **region, *built); !able) return able.error();
  return submit_built(inside, *built, submission);
}

}  // namespace

void add_run_command(CommandLine& line) {
  auto options = std::make_shared<SubmitVerb>();
  Verb verb =
      line.verb(line.root(), "run", "Run a template or a command on this machine, in a throwaway region",
                [options](Context& context) { return run_here(context, *options); });
  add_submission(line, verb, "run", *options);
}

}  // namespace reeve::client
