// What a region's keeping of logs costs: pieces of 1,000 tasks into a store that is full, so that each pushes
// out an older one. Bytes are of text.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "protocol/wire.h"
#include "scheduler/shell/log_door.h"
#include "scheduler/shell/log_store.h"

namespace reeve::shell {
namespace {

constexpr std::size_t kTasks = 1000;
constexpr std::size_t kBatch = 256;  // pieces a transaction: what comes while the one before is written

void keep(benchmark::State& state) {
  std::string pattern = (std::filesystem::temp_directory_path() / "reeve-log-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return state.SkipWithError("no folder to write to");
  {
    auto store = LogStore::open(pattern + "/logs.db", {1U << 20, 64U << 20, 64U << 20});
    if (!store) return state.SkipWithError(store.error().message.c_str());
    msg::LogPiece piece{{}, {JobId(1), 0}, 0, 0, std::string(static_cast<std::size_t>(state.range(0)), 'x')};
    std::uint64_t n = 0;
    std::vector<std::uint64_t> ends(kTasks);
    for (auto _ : state) {
      if (!(*store)->begin()) return state.SkipWithError("begin");
      for (std::size_t i = 0; i < kBatch; ++i, ++n) {
        piece.task = static_cast<TaskIndex>(n % kTasks);
        piece.attempt = AttemptId(piece.task + 1);
        piece.offset = ends[piece.task];
        ends[piece.task] += piece.text.size();
        if (!(*store)->add(AgentId(1), piece, Time{static_cast<std::int64_t>(n)}))
          return state.SkipWithError("add");
      }
      if (!(*store)->commit()) return state.SkipWithError("commit");
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(n));
    state.SetBytesProcessed(static_cast<std::int64_t>(n * piece.text.size()));
  }
  std::filesystem::remove_all(pattern);
}
BENCHMARK(keep)->Arg(64)->Arg(1024)->Arg(16384)->UseRealTime();

/// What the loop itself does of it: reads a message and looks at each of its pieces.
void admit(benchmark::State& state) {
  msg::LogPieces pieces;
  for (std::uint64_t i = 0; i < 16; ++i)
    pieces.pieces.push_back({AttemptId(1),
                             {JobId(1), 0},
                             static_cast<TaskIndex>(i),
                             0,
                             std::string(static_cast<std::size_t>(state.range(0)), 'x')});
  const Bytes bytes = wire::encode(pieces);
  LogDoor door;
  Time now{};
  door.open(AgentId(1), 1, now);
  for (auto _ : state) {
    now = now + seconds(1);  // the agent's share is never used up
    auto message = wire::decode(bytes);
    benchmark::DoNotOptimize(door.admit(
        AgentId(1), std::move(std::get<msg::LogPieces>(*message)),
        [](AttemptId, StepRef, TaskIndex) { return true; }, now));
  }
  state.SetItemsProcessed(state.iterations() * 16);
  state.SetBytesProcessed(state.iterations() * 16 * state.range(0));
}
BENCHMARK(admit)->Arg(64)->Arg(1024)->Arg(16384);

}  // namespace
}  // namespace reeve::shell
