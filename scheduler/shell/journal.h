#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "protocol/bytes.h"
#include "protocol/digest.h"
#include "protocol/result.h"

/// Where a region's decided facts are kept. Every implementation passes the same contract test.
namespace reeve::shell {

/// Consecutive events as one row: numbers first_seq … first_seq + count - 1. The first event of a region
/// is 1. `events` is what frame_event() made of each, one after another.
struct JournalRow {
  std::uint64_t first_seq = 1;
  std::uint32_t count = 0;
  Bytes events;

  std::uint64_t last_seq() const { return first_seq + count - 1; }
};

/// A piece of the state as it was after event `seq`; the last piece makes the snapshot count.
struct SnapshotPart {
  std::uint64_t seq = 0;
  std::uint32_t part = 0;
  bool last = false;
  Bytes bytes;
};

struct Snapshot {
  std::uint64_t seq = 0;
  Bytes state;  // core::encode_state
};

/// A row's name: what came before, and itself. Whoever changes a row changes the name of every later one.
inline Digest chain_row(const Digest& before, const JournalRow& row) {
  return StatementHasher("reeve journal row 1")
      .fixed(before.bytes)
      .number(row.first_seq)
      .number(row.count)
      .number(row.events.size())
      .fixed(row.events)
      .finish();
}

/// Appends `event` (core::encode_event) to a row's bytes, with its length before it.
void frame_event(Bytes& row, ByteView event);

/// Not thread-safe: one thread writes and reads.
class Journal {
 public:
  using RowVisitor = std::function<Result<void>(const JournalRow&)>;

  virtual ~Journal() = default;

  /// Durable when it returns; all of the rows or none. Rows must follow one another and the last stored one.
  /// kIo: the disk said no (the message begins with the path and the disk's own words); after that the
  /// journal must not be used. kConflict: the rows do not follow.
  virtual Result<void> append(std::span<const JournalRow> rows) = 0;

  /// Visits every row that holds an event numbered `from_seq` or later, in order, until the visitor fails.
  virtual Result<void> read(std::uint64_t from_seq, const RowVisitor& visit) = 0;

  /// Number of the newest event; 0 when there is none.
  virtual std::uint64_t last_seq() const = 0;

  /// Stores a piece of a snapshot, in order. Pieces keep each write small, so that no commit waits long.
  virtual Result<void> put_snapshot_part(const SnapshotPart& part) = 0;

  /// The newest complete snapshot of at most event `up_to_seq`.
  virtual Result<std::optional<Snapshot>> latest_snapshot(std::uint64_t up_to_seq) = 0;

  /// Recomputes the chain of hashes over all rows. kCorrupt names the first row that was changed.
  virtual Result<Digest> verify_chain() = 0;
};

}  // namespace reeve::shell
