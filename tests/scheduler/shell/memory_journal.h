#pragma once

#include <map>
#include <vector>

#include "scheduler/shell/journal.h"

namespace reeve::shell {

/// A journal that forgets everything with the process: the second implementation of the contract.
class MemoryJournal final : public Journal {
 public:
  Result<void> append(std::span<const JournalRow> rows) override {
    std::uint64_t seq = last_seq();
    for (const JournalRow& row : rows) {
      if (row.count == 0 || row.first_seq != seq + 1) return Error{ErrorCode::kConflict, "no such row", ""};
      seq = row.last_seq();
    }
    rows_.insert(rows_.end(), rows.begin(), rows.end());
    return {};
  }
  Result<void> read(std::uint64_t from_seq, const RowVisitor& visit) override {
    for (const JournalRow& row : rows_) {
      if (row.last_seq() < from_seq) continue;
      if (Result<void> done = visit(row); !done) return done;
    }
    return {};
  }
  std::uint64_t last_seq() const override { return rows_.empty() ? 0 : rows_.back().last_seq(); }
  Result<void> put_snapshot_part(const SnapshotPart& part) override {
    Bytes& bytes = pending_[part.seq];
    bytes.insert(bytes.end(), part.bytes.begin(), part.bytes.end());
    if (!part.last) return {};
    snapshots_[part.seq] = std::move(bytes);
    pending_.clear();
    return {};
  }
  Result<std::optional<Snapshot>> latest_snapshot(std::uint64_t up_to_seq) override {
    auto after = snapshots_.upper_bound(up_to_seq);
    if (after == snapshots_.begin()) return std::optional<Snapshot>();
    --after;
    return std::optional<Snapshot>(Snapshot{after->first, after->second});
  }
  Result<Digest> verify_chain() override {
    Digest hash;
    for (const JournalRow& row : rows_)
      hash = chain_row(hash, row);
    return hash;
  }

 private:
  std::vector<JournalRow> rows_;
  std::map<std::uint64_t, Bytes> pending_;
  std::map<std::uint64_t, Bytes> snapshots_;
};

}  // namespace reeve::shell
