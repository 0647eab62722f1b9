#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/process.h"

namespace reeve::client {

void add_bench_command(CommandLine& line) {
  auto args = std::make_shared<std::vector<std::string>>();
  Verb verb = line.verb(line.root(), "bench", "Measures a throwaway region on this machine: run, floor, tune",
                        [args](Context&) -> Result<ExitCode> { return exec_sibling("reeve-bench", *args); });
  verb.take_rest(*args);
}

}  // namespace reeve::client
