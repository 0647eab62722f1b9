#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "agent/sandbox/cell.h"
#include "agent/sandbox/sandbox.h"
#include "agent/sandbox/scratch.h"

/// What a sandbox costs an action: the same program started bare, in a sandbox of its own, and in one that
/// stands.
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

/// A slot with a working directory, and /bin/true to run in it.
class Stage {
 public:
  explicit Stage(benchmark::State& state) {
    auto opened = Sandbox::open("bench-" + std::to_string(getpid()));
    folder_ = (std::filesystem::temp_directory_path() / "reeve-bench-XXXXXX").string();
    if (!opened || mkdtemp(folder_.data()) == nullptr) {
      state.SkipWithError(opened ? "no temporary folder" : opened.error().message.c_str());
      return;
    }
    sandbox = std::move(opened).value();
    command.program = "/bin/true";
    command.work = folder_;
  }
  ~Stage() { (void)remove_tree(folder_).ok(); }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  std::unique_ptr<Sandbox> sandbox;
  Command command;

 private:
  std::string folder_;
};

bool good(const Result<Outcome>& outcome, benchmark::State& state) {
  if (outcome && outcome->good()) return true;
  state.SkipWithError(outcome ? outcome->log.c_str() : outcome.error().message.c_str());
  return false;
}

void sandbox_for_each(benchmark::State& state) {
  Stage stage(state);
  for (auto _ : state) {
    if (!stage.sandbox || !good(stage.sandbox->run(stage.command, Bounds()), state)) break;
  }
}
BENCHMARK(sandbox_for_each)->Unit(benchmark::kMillisecond)->UseRealTime();

void sandbox_for_all(benchmark::State& state) {
  Stage stage(state);
  if (!stage.sandbox) return;
  const auto cell = stage.sandbox->open_cell(stage.command, Bounds());
  if (!cell) return state.SkipWithError(cell.error().message.c_str());
  for (auto _ : state) {
    if (!good((*cell)->run(stage.command, Duration()), state)) break;
  }
}
BENCHMARK(sandbox_for_all)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace reeve::agent::sandbox
