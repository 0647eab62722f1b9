#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
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

/// A folder that is gone with this object.
class TemporaryFolder {
 public:
  static Result<std::unique_ptr<TemporaryFolder>> make() {
    std::string pattern = (std::filesystem::temp_directory_path() / "reeve-results-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      return Error{ErrorCode::kIo, "cannot make a folder " + pattern, "set TMPDIR to a folder with room"};
    return std::make_unique<TemporaryFolder>(pattern);
  }
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Shows what tasks wrote on standard output: that of one task as it is, those of an array by task. `seen`:
/// it was shown as it came.
void show_outputs(Context& context, const std::filesystem::path& folder, bool seen) {
  std::map<std::string, std::string> outputs;
  std::size_t others = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    if (entry.path().filename() != "stdout") {
      ++others;
      continue;
    }
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    outputs[entry.path().parent_path().lexically_relative(folder).string()] = text.str();
  }
  std::string text;
  Json json = Json::object();
  for (const auto& [task, output] : outputs) {
    if (task != ".") text += task + ":\n";
    text += output;
    json[task == "." ? "only" : task] = output;
  }
  if (!outputs.empty() && !seen) context.output().show({{{"stdout", json}}, text, text});
  if (others > 0)
    context.output().note("Other results were not kept: say -o DIR for " + std::to_string(others) +
                          " files.");
}

Result<ExitCode> run_here(Context& context, SubmitVerb& options) {
  options.job.wait = true;
  options.job.submit.here = true;
  auto built = build_submission(context, options);
  if (!built) return built.error();
  SubmissionOptions submission = submission_options(options.job);
  submission.logs = true;
  if (submission.dry_run) return submit_built(context, *built, submission);
  // There is nobody here who could check anybody, or do better what failed.
  built->spec.verify = {VerifyMode::kNone, 1};
  built->spec.max_retries = 0;
  context.output().note("Running job '" + printable(built->spec.name) + "' in a region of its own.");
  const auto region = ThrowawayRegion::make();
  if (!region) return region.error();
  const auto config =
      Config::load({{"home", (*region)->requester_home()}, {"output", context.config().get("output")}},
                   context.environment());
  if (!config) return config.error();
  Context inside(context.output(), *config, context.environment(), context.connector());
  if (auto able = check_agent(inside, **region, *built); !able) return able.error();
  if (!submission.folder.empty()) return submit_built(inside, *built, submission);
  const auto folder = TemporaryFolder::make();
  if (!folder) return folder.error();
  submission.folder = (*folder)->path();
  submission.says_folder = false;
  ShownLogs shown;
  submission.shown = &shown;
  auto code = submit_built(inside, *built, submission);
  // Where both streams are one, what came live was all of it, and is not said twice.
  const bool seen = context.output().one_place() && context.output().format() == Format::kTable &&
                    shown.bytes > 0 && shown.missing_bytes == 0;
  if (code) show_outputs(context, submission.folder, seen);
  return code;
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
