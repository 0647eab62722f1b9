#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "agent/core/io.h"
#include "protocol/result.h"

namespace reeve::agent {

/// What became of stored results; a record of the spool's log.
struct SpoolChange {
  AttemptId attempt;
  TaskRange tasks;
  bool forgotten = false;  // else acknowledged
};

/// Results on disk until the region releases them. One file a large result, and a log of records (index.log):
/// each is a length (4 bytes, little-endian), 8 bytes of the SHA-256 of the body, and the archived body. A
/// torn tail is cut off.
class Spool {
 public:
  /// Opens or creates the folder and reads what an earlier process left there.
  static Result<std::unique_ptr<Spool>> open(const std::filesystem::path& folder);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// What is held now, in order of (attempt, task).
  std::vector<SpooledSection> sections() const;

  /// Writes one result; synced. It stays after a crash only once persist() named it. Another thread may call
  /// this, and file_of(), at any time.
  Result<void> store(AttemptId attempt, TaskIndex task, ByteView result);
  std::filesystem::path file_of(AttemptId attempt, TaskIndex task) const;

  Result<void> persist(const SpooledSection& section);
  Result<void> mark_acked(AttemptId attempt, TaskRange tasks);
  Result<void> forget(AttemptId attempt, TaskRange tasks);
  /// Makes everything above durable. Costs nothing if nothing changed.
  Result<void> sync();

 private:
  using Record = std::variant<SpooledSection, SpoolChange>;
  using Key = std::pair<AttemptId, TaskIndex>;
  friend struct SpoolCodec;

  explicit Spool(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<void> recover();
  Result<void> rewrite();
  Result<void> append(const Record& record);
  void apply_record(const Record& record);
  void apply_change(const SpoolChange& change);
  void remove_files(AttemptId attempt, TaskRange tasks) const;
  void remove_orphans();

  std::filesystem::path folder_;
  int log_ = -1;
  std::uint64_t log_bytes_ = 0;
  bool dirty_ = false;
  std::atomic<bool> new_files_{false};  // their names are not durable yet
  std::map<Key, SpooledSection> held_;
};

}  // namespace reeve::agent
