#pragma once

#include <filesystem>
#include <optional>

#include "scheduler/shell/descriptors.h"
#include "scheduler/shell/ledger_log.h"

namespace reeve::shell {

/// ledger/: the log's entries and hashes in files that only grow (docs/formats/log.md). Nothing is decided by
/// them: what is missing is made again from the journal. One thread appends; any thread reads below a size
/// that the appending one has told it.
class LedgerStore {
 public:
  /// Files that are shorter than their mark says are emptied, longer ones are cut.
  static Result<std::unique_ptr<LedgerStore>> open(const std::filesystem::path& folder);

  /// What the files hold for certain; empty: nothing.
  const LogHead& mark() const { return mark_; }
  /// Bytes appended since the last mark.
  std::size_t unmarked_bytes() const { return unmarked_bytes_; }
  Result<void> append(const LogBatch& batch);
  /// Makes everything appended so far durable, then says so in the mark.
  Result<void> sync(const LogHead& head);
  Result<void> reset();

  /// The bytes of a file of the log, of hashes and entries that were appended.
  Result<Bytes> tile(const tlog::TileName& name) const;
  Result<Bytes> entry(std::uint64_t index) const;
  /// Indices below `size` of entries about an attempt, newest first, `most` at most. Looks through
  /// `most_looked` entries.
  Result<std::vector<std::uint64_t>> entries_about(AttemptId attempt, std::uint64_t size, std::size_t most,
                                                   std::uint64_t most_looked) const;
  tlog::SubtreeReader subtrees(std::uint64_t size) const;

 private:
  struct File {
    Descriptor fd;
    std::string path;
    std::uint64_t size_bytes = 0;
  };
  explicit LedgerStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<void> open_files();
  Result<void> cut_to(std::uint64_t entries);
  Result<void> read_mark();
  static Result<void> write(File& file, ByteView bytes);
  static Result<Bytes> read(const File& file, std::uint64_t offset, std::size_t size);
  /// Where entry `index` ends in the file of entries; 0 before the first.
  Result<std::uint64_t> end_of(std::uint64_t index) const;

  const std::filesystem::path folder_;
  File entries_;  // each with its length before it
  File index_;    // a row an entry: where it ends, and the attempt that it is about
  std::array<File, kLogLevels> hashes_;
  LogHead mark_;
  std::size_t unmarked_bytes_ = 0;
};

}  // namespace reeve::shell
