#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "agent/sandbox/sandbox.h"
#include "agent/sandbox/scratch.h"

/// What a sandbox costs a task: the same program started bare, and in one.
namespace reeve::agent::sandbox {
namespace {

void bare(benchmark::State& state) {
  for (auto _ : state) {
    char program[] = "/bin/true";
    char* argv[] = {program, nullptr};
    char* environment[] = {nullptr};
    pid_t pid = -1;
    int status = 1;
    if (posix_spawn(&pid, program, nullptr, nullptr, argv, environment) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0)
      return state.SkipWithError("/bin/true could not be run");
  }
}
BENCHMARK(bare)->Unit(benchmark::kMillisecond)->UseRealTime();

void sandboxed(benchmark::State& state) {
  auto sandbox = Sandbox::open("bench-" + std::to_string(getpid()));
  if (!sandbox) return state.SkipWithError(sandbox.error().message.c_str());
  std::string folder = (std::filesystem::temp_directory_path() / "reeve-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return state.SkipWithError("no temporary folder");
  Command command;
  command.program = "/bin/true";
  command.work = folder;
  for (auto _ : state) {
    const auto outcome = (*sandbox)->run(command, Bounds());
    if (!outcome || !outcome->good()) {
      state.SkipWithError(outcome ? outcome->log.c_str() : outcome.error().message.c_str());
      break;
    }
  }
  if (!remove_tree(folder)) state.SkipWithError("the temporary folder cannot be removed");
}
BENCHMARK(sandboxed)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace reeve::agent::sandbox
