#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/process.h"

namespace reeve::client {

void add_agent_command(CommandLine& line) {
  auto args = std::make_shared<std::vector<std::string>>();
  Verb verb = line.verb(line.root(), "agent",
                        "This machine as an agent: join, run, status, pause, resume, devices, leave",
                        [args](Context&) -> Result<ExitCode> { return exec_sibling("reeve-agent", *args); });
  verb.take_rest(*args);
}

}  // namespace reeve::client
