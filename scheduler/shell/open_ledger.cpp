#include "scheduler/shell/open_ledger.h"

#include <spdlog/spdlog.h>

#include <charconv>

#include "protocol/check.h"
#include "scheduler/shell/event_rows.h"
#include "scheduler/shell/whole_file.h"

namespace reeve::shell {
namespace {

constexpr std::size_t kBatchBytes = 8U << 20;  // between writes while files are made again

Error unlike(std::uint64_t seq) {
  return {ErrorCode::kCorrupt,
          "the transparent log of the events up to " + std::to_string(seq) +
              " is not the one that the region signed",
          "the journal was changed, or written by a release with a fault: restore journal.db from a backup"};
}

/// Adds the events after the log's last one, up to `last`, and each opening in its place.
class CatchUp {
 public:
  CatchUp(SqliteJournal& journal, LedgerLog& log, const std::vector<LogOpening>& openings,
          std::function<Result<void>(LogBatch)> write)
      : journal_(journal), log_(log), openings_(openings), write_(std::move(write)) {
    next_opening_ = log.head().openings.size();
  }

  Result<void> run(std::uint64_t last) {
    open_due();
    Result<void> read = log_.head().seq >= last ? Result<void>() : read_events(last);
    if (!read) return read;
    return write_(log_.take());
  }

 private:
  Result<void> read_events(std::uint64_t last) {
    const std::uint64_t from = log_.head().seq + 1;
    std::size_t bytes = 0;
    const auto add = [&](std::uint64_t seq, const core::Event& event) -> Result<void> {
      if (seq > last) return {};
      log_.add(seq, event);
      open_due();
      return {};
    };
    return journal_.read(from, [&](const JournalRow& row) -> Result<void> {
      if (row.first_seq > last) return {};
      if (Result<void> done = for_each_event(row, from, add); !done) return done;
      if ((bytes += row.events.size()) < kBatchBytes) return {};
      bytes = 0;
      return write_(log_.take());
    });
  }

  void open_due() {
    while (next_opening_ < openings_.size() && openings_[next_opening_].seq == log_.head().seq)
      log_.reopen(openings_[next_opening_++].opened);
  }

  SqliteJournal& journal_;
  LedgerLog& log_;
  const std::vector<LogOpening>& openings_;
  const std::function<Result<void>(LogBatch)> write_;
  std::size_t next_opening_;
};

Result<LogHead> stored_head(SqliteJournal& journal) {
  const Result<std::optional<Bytes>> bytes = journal.log_head();
  if (!bytes) return bytes.error();
  return *bytes ? decode_log_head(**bytes) : Result<LogHead>(LogHead());
}

/// Derives from the files' mark up to `head`; true if that gives the head's tree.
Result<bool> follow(SqliteJournal& journal, LedgerLog& log, LedgerStore& store, const LogHead& head) {
  const auto write = [&store](const LogBatch& batch) { return store.append(batch); };
  if (Result<void> done = CatchUp(journal, log, head.openings, write).run(head.seq); !done)
    return done.error();
  return log.head().tree == head.tree && log.head().context == head.context;
}

/// The files as they must be at `head`, and the log there.
Result<std::unique_ptr<LedgerLog>> restore_files(SqliteJournal& journal, const LedgerPlace& place,
                                                 LedgerStore& store, const LogHead& head) {
  if (store.mark().seq > head.seq || store.mark().openings.size() > head.openings.size())
    if (Result<void> done = store.reset(); !done) return done.error();
  for (const bool last_try : {false, true}) {
    auto log = std::make_unique<LedgerLog>(store.mark(), place.region, place.key);
    const Result<tlog::Frontier> edge =
        tlog::frontier_at(store.subtrees(store.mark().tree.size()), store.mark().tree.size());
    const bool sound = edge && *edge == store.mark().tree;
    const Result<bool> fits = sound ? follow(journal, *log, store, head) : Result<bool>(false);
    if (!fits) return fits.error();
    if (*fits) return log;
    if (last_try) break;
    spdlog::warn("the transparent log's files are damaged; they are made again from the journal");
    if (Result<void> done = store.reset(); !done) return done.error();
  }
  return unlike(head.seq);
}

/// The generation in "reeve/0123456789abcdef/12" of a checkpoint's first line; 0: none.
std::uint64_t generation_of(std::string_view note) {
  const std::string_view origin = note.substr(0, note.find('\n'));
  const std::string_view digits = origin.substr(origin.rfind('/') + 1);
  std::uint64_t generation = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), generation);
  return error == std::errc() && end == digits.data() + digits.size() ? generation : 0;
}

/// Goes on under a new origin where what was published is no beginning of the tree that there is now.
Result<void> compare_published(const LedgerPlace& place, LedgerLog& log, LedgerStore& store) {
  const Result<std::optional<Bytes>> bytes = read_whole_file(place.published);
  if (!bytes) return bytes.error();
  if (!*bytes) return {};
  const std::string note((*bytes)->begin(), (*bytes)->end());
  const std::uint64_t generation = generation_of(note);
  Result<tlog::Checkpoint> shown = tlog::open_checkpoint(note, log.verifier_of(generation));
  if (!shown)
    return Error{ErrorCode::kCorrupt, place.published.string() + ": " + shown.error().message,
                 "restore it: it says what the region had shown of its log. Without it, a region that was "
                 "restored from a backup cannot know what it signed since"};
  if (generation < log.head().generation()) return {};
  const std::uint64_t size = log.head().tree.size();
  if (generation == log.head().generation() && shown->size <= size) {
    const Result<Digest> root = tlog::tree_root(store.subtrees(size), shown->size);
    if (!root) return root.error();
    if (*root == shown->root) return {};
  }
  spdlog::warn(
      "the region was restored from behind the checkpoint that it last published (origin {}, {} entries; the "
      "journal gives {}): its log goes on under a new origin",
      shown->origin, shown->size, size);
  log.reopen({generation + 1, shown->origin, shown->size, shown->root});
  return store.append(log.take());
}

}  // namespace

Result<OpenedLedger> open_ledger(SqliteJournal& journal, const LedgerPlace& place) {
  Result<std::unique_ptr<LedgerStore>> store = LedgerStore::open(place.folder);
  if (!store) return store.error();
  const Result<LogHead> head = stored_head(journal);
  if (!head) return head.error();
  const std::uint64_t marked = (*store)->mark().seq;
  Result<std::unique_ptr<LedgerLog>> log = restore_files(journal, place, **store, *head);
  if (!log) return log.error();
  // Events that no head covers yet: of an earlier release, or of a time without a log.
  const auto write = [&store](const LogBatch& batch) { return (*store)->append(batch); };
  if (Result<void> done = CatchUp(journal, **log, head->openings, write).run(journal.last_seq()); !done)
    return done.error();
  if (Result<void> done = compare_published(place, **log, **store); !done) return done.error();
  const std::uint64_t last = journal.last_seq();
  return OpenedLedger{std::move(*log), std::move(*store), last - std::min(marked, last)};
}

Result<std::optional<LogHead>> replay_ledger(SqliteJournal& journal, const TransportKey& region,
                                             const Identity& key) {
  const Result<LogHead> head = stored_head(journal);
  if (!head) return head.error();
  if (head->seq == 0) return std::optional<LogHead>();
  LedgerLog log({}, region, key);
  const auto drop = [](const LogBatch&) -> Result<void> { return {}; };
  if (Result<void> done = CatchUp(journal, log, head->openings, drop).run(head->seq); !done)
    return done.error();
  if (log.head().tree != head->tree) return unlike(head->seq);
  const Result<tlog::Checkpoint> signed_tree =
      tlog::open_checkpoint(head->checkpoint, log.verifier_of(head->generation()));
  if (!signed_tree) return signed_tree.error();
  if (signed_tree->size != head->tree.size() || signed_tree->root != head->tree.root())
    return unlike(head->seq);
  return std::optional<LogHead>(*head);
}

}  // namespace reeve::shell
