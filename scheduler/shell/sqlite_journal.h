#pragma once

#include <memory>
#include <string>

#include "scheduler/shell/journal.h"
#include "scheduler/shell/sqlite.h"

namespace reeve::shell {

/// journal.db (docs/formats/journal.md): one connection that locks the file for itself, WAL,
/// synchronous=FULL.
class SqliteJournal final : public Journal {
 public:
  /// kConflict: another process has it open. kCorrupt: not a journal, or of a later version.
  static Result<std::unique_ptr<SqliteJournal>> open(const std::string& path);

  Result<void> append(std::span<const JournalRow> rows) override { return append_with(rows, {}); }
  /// As append(), and stores the transparent log's head (encode_log_head) in the same transaction, in place
  /// of the one before. Empty: the old one stays.
  Result<void> append_with(std::span<const JournalRow> rows, ByteView log_head);
  /// The newest head; nothing where no log was kept yet.
  Result<std::optional<Bytes>> log_head();
  Result<void> read(std::uint64_t from_seq, const RowVisitor& visit) override;
  std::uint64_t last_seq() const override { return last_seq_; }
  Result<void> put_snapshot_part(const SnapshotPart& part) override;
  Result<std::optional<Snapshot>> latest_snapshot(std::uint64_t up_to_seq) override;
  Result<Digest> verify_chain() override;

 private:
  explicit SqliteJournal(Database database);
  static Result<void> prepare_file(Database& database);
  Result<void> recover_tail();
  Result<void> in_transaction(const std::function<Result<void>()>& body);
  Result<void> insert_rows(std::span<const JournalRow> rows, ByteView log_head);

  Database database_;
  Statement begin_, commit_, rollback_, insert_row_, put_log_head_, insert_part_, finish_snapshot_,
      forget_snapshots_;
  std::uint64_t last_seq_ = 0;
  Digest last_hash_;
};

}  // namespace reeve::shell
