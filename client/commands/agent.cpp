#include <algorithm>

#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/process.h"

namespace reeve::client {
namespace {

/// What the agent is told: the flags that stood before the verb, unless they stand behind it too.
std::vector<std::string> agent_arguments(const Config& config, const std::vector<std::string>& given) {
  std::vector<std::string> args = given;
  const auto hand_on = [&](const char* flag, const std::string& value) {
    const bool there = std::any_of(given.begin(), given.end(),
                                   [flag](const std::string& arg) { return arg.starts_with(flag); });
    if (!there) args.insert(args.begin(), {flag, value});
  };
  hand_on("--output", config.get("output"));
  // The home of a login is none of an agent: only one that was named for this command counts.
  for (const Setting& setting : config.settings()) {
    if (setting.source == "flag --home") hand_on("--home", setting.value);
  }
  return args;
}

}  // namespace

void add_agent_command(CommandLine& line) {
  auto args = std::make_shared<std::vector<std::string>>();
  Verb verb = line.verb(line.root(), "agent",
                        "This machine as an agent: join, run, status, pause, resume, devices, leave",
                        [args](Context& context) -> Result<ExitCode> {
                          return exec_sibling("reeve-agent", agent_arguments(context.config(), *args));
                        });
  verb.take_rest(*args);
}

}  // namespace reeve::client
