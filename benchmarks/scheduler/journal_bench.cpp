// What a durable commit costs, by the rows and bytes that share it. Items are rows.

#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

#include "scheduler/shell/sqlite_journal.h"

namespace reeve::shell {
namespace {

/// A journal in a new folder of the working directory, whose disk is the one that is measured.
class ScratchJournal {
 public:
  ScratchJournal() {
    std::string pattern = (std::filesystem::current_path() / "journal-bench-XXXXXX").string();
    REEVE_CHECK(mkdtemp(pattern.data()) != nullptr, "the working directory can be written");
    folder_ = pattern;
    auto opened = SqliteJournal::open(folder_ / "journal.db");
    REEVE_CHECK(opened.ok(), "a new journal opens");
    journal_ = std::move(*opened);
  }
  ~ScratchJournal() {
    journal_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ScratchJournal(const ScratchJournal&) = delete;
  ScratchJournal& operator=(const ScratchJournal&) = delete;
  Journal& operator*() { return *journal_; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<SqliteJournal> journal_;
};

/// Shape (rows a commit, bytes a row): a turn of the loop is one row; a report of 512 hashes makes about 20
/// KB.
void journal_commit(benchmark::State& state) {
  ScratchJournal journal;
  const auto rows_together = static_cast<std::size_t>(state.range(0));
  const Bytes event(static_cast<std::size_t>(state.range(1)), 7);
  std::uint64_t seq = 1;
  for (auto _ : state) {
    std::vector<JournalRow> rows(rows_together);
    for (JournalRow& row : rows) {
      row.first_seq = seq++;
      row.count = 1;
      frame_event(row.events, event);
    }
    if (!(*journal).append(rows)) state.SkipWithError("the disk said no");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(journal_commit)
    ->Args({1, 100})
    ->Args({1, 20'000})
    ->Args({1, 1'000'000})
    ->Args({16, 20'000})
    ->UseRealTime();

}  // namespace
}  // namespace reeve::shell
