#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "protocol/messages.h"
#include "protocol/units.h"
#include "scheduler/shell/sqlite.h"

namespace reeve::shell {

/// What tasks' programs wrote, in logs.db (docs/formats/region.md): pieces as they came, a log an attempt and
/// task. Bounded in every direction; what does not fit is dropped, the oldest first. Used by one thread;
/// readers open the file themselves.
class LogStore {
 public:
  struct Bounds {
    std::uint64_t log_bytes = 1U << 20;    // of one log: its first half and its last
    std::uint64_t job_bytes = 256U << 20;  // of one job's logs, so that it does not push out all others
    std::uint64_t all_bytes = 1U << 30;
  };
  /// What a piece and a log cost beyond their text: ids, indexes, a row's head.
  static constexpr std::uint64_t kPieceBytes = 96;
  static constexpr std::uint64_t kLogBytes = 192;

  /// A file that cannot be read is made anew: nothing hangs on it.
  static Result<std::unique_ptr<LogStore>> open(const std::string& path, const Bounds& bounds);
  ~LogStore();

  Result<void> begin();
  /// Adds a piece; one that begins before the end of its log, or is empty, does nothing.
  Result<void> add(AgentId agent, const msg::LogPiece& piece, Time now);
  Result<void> commit();
  void roll_back();
  /// Drops a job's logs.
  Result<void> forget(JobId job);
  /// Drops the logs that nobody added to since.
  Result<void> forget_before(Time time);

  /// As the bounds count.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Statements;
  struct Row {
    std::uint64_t id = 0;
    std::uint64_t job = 0;
    std::uint64_t end = 0;
    std::uint64_t kept = 0;  // bytes of text
    std::uint64_t pieces = 0;
    std::int64_t last_ns = 0;
    std::optional<std::uint64_t> tail_from;  // an offset: what is before it stays as long as the log
    std::uint64_t cost() const { return kept + pieces * kPieceBytes + kLogBytes; }
  };

  LogStore(Database database, const Bounds& bounds);
  static Result<Database> open_file(const std::string& path);
  Result<void> load();
  static Row read(Statement& rows);
  Result<void> write(const Row& row, Time now);
  Result<Row> find_or_make(AgentId agent, const msg::LogPiece& piece, Time now);
  Result<void> trim(Row& row, std::uint64_t coming);
  Result<void> make_room(std::uint64_t job);
  Result<std::optional<Row>> oldest(std::optional<std::uint64_t> job);
  Result<void> drop(const Row& row);
  void count(std::uint64_t job, std::int64_t change);

  Database database_;
  std::unique_ptr<Statements> statements_;
  const Bounds bounds_;
  std::uint64_t next_seq_ = 1;
  std::uint64_t bytes_ = 0;
  std::map<std::uint64_t, std::uint64_t> job_bytes_;
};

}  // namespace reeve::shell
