#pragma once

#include <functional>

#include "scheduler/shell/ledger_log.h"
#include "scheduler/shell/sqlite_journal.h"

namespace reeve::shell {

/// A journal that writes the transparent log with every commit: entries are derived from the very bytes that
/// are stored, and the signed checkpoint is stored in the same transaction as they.
class LedgerJournal final : public Journal {
 public:
  /// `committed` takes what a commit added to the log, in the writer's thread.
  LedgerJournal(SqliteJournal& journal, LedgerLog& log, std::function<void(LogBatch)> committed)
      : journal_(journal), log_(log), committed_(std::move(committed)) {}

  Result<void> append(std::span<const JournalRow> rows) override;
  Result<void> read(std::uint64_t from_seq, const RowVisitor& visit) override {
    return journal_.read(from_seq, visit);
  }
  std::uint64_t last_seq() const override { return journal_.last_seq(); }
  Result<void> put_snapshot_part(const SnapshotPart& part) override {
    return journal_.put_snapshot_part(part);
  }
  Result<std::optional<Snapshot>> latest_snapshot(std::uint64_t up_to_seq) override {
    return journal_.latest_snapshot(up_to_seq);
  }
  Result<Digest> verify_chain() override { return journal_.verify_chain(); }

 private:
  SqliteJournal& journal_;
  LedgerLog& log_;
  const std::function<void(LogBatch)> committed_;
};

}  // namespace reeve::shell
