#include <chrono>
#include <thread>

#include "client/commands/all.h"
#include "client/commands/submit.h"
#include "client/json_fields.h"
#include "client/submission.h"
#include "client/throwaway_region.h"

namespace reeve::client {
namespace {

constexpr auto kLook = std::chrono::milliseconds(50);
constexpr auto kPatience = std::chrono::seconds(20);

/// The kernels that the region's agents offer; empty while none is there.
Result<std::vector<std::string>> offered_kernels(Context& context) {
  auto connection = context.region();
  if (!connection) return connection.error();
  const auto fleet = (*connection)->query("/api/v1/agents");
  if (!fleet) return fleet.error();
  std::vector<std::string> names;
  for (const Json& agent : list_of(*fleet, "agents")) {
    if (!flag_of(agent, "online")) continue;
    const Json capability = agent.value("capability", Json::object());
    for (const Json& kernel : list_of(capability, "kernels"))
      names.push_back(text_of(kernel, "name"));
  }
  return names;
}

/// Waits for the agent, and says what of the job it cannot run.
Result<void> check_agent(Context& context, const ThrowawayRegion& region, const BuiltJob& job) {
  std::vector<std::string> offered;
  for (const auto end = std::chrono::steady_clock::now() + kPatience;
       offered.empty() && std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(kLook)) {
    auto kernels = offered_kernels(context);
    if (!kernels) return kernels.error();
    offered = std::move(*kernels);
  }
  if (offered.empty())
    return Error{ErrorCode::kUnreachable, "the throwaway agent did not come up: " + region.agent_log(),
                 "see what it says"};
  for (const StepSpec& step : job.spec.steps) {
    const std::string& kernel = step.need.kernel.name;
    if (std::find(offered.begin(), offered.end(), kernel) == offered.end())
      return Error{
          ErrorCode::kNotAllowed,
          "step '" + step.name + "' needs '" + kernel + "', which this machine does not offer",
          "programs need bubblewrap and user namespaces; `reeve agent devices` says what is missing"};
  }
  return {};
}

/// This command's settings with another login: that of `home`, or a region's own as its operator.
Result<Config> config_with(const Context& context, const std::string& setting, const std::string& folder) {
  return Config::load({{setting, folder}, {"output", context.config().get("output")}}, context.environment());
}

/// Whether the throwaway agent is there and can run the job; its operator may ask.
Result<void> check_as_operator(Context& context, const ThrowawayRegion& region, const BuiltJob& job) {
  const auto config = config_with(context, "region_dir", region.folder());
  if (!config) return config.error();
  Context inside(context.output(), *config, context.environment(), context.connector());
  return check_agent(inside, region, job);
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
  if (auto able = check_as_operator(context, **region, *built); !able) return able.error();
  const auto config = config_with(context, "home", (*region)->requester_home());
  if (!config) return config.error();
  Context inside(context.output(), *config, context.environment(), context.connector());
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
