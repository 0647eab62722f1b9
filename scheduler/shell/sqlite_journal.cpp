#include "scheduler/shell/sqlite_journal.h"

namespace reeve::shell {
namespace {

constexpr std::int64_t kFormatVersion = 1;
constexpr int kSnapshotsKept = 2;  // the older one serves when the view is behind the newer one

// The lock is taken before WAL is switched on, so that no shared-memory file is ever made.
constexpr const char* kOpen =
    "PRAGMA locking_mode=EXCLUSIVE;"
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA wal_autocheckpoint=4096;";
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS events(last_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL,"
    "  hash BLOB NOT NULL, events BLOB NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS log_head(id INTEGER PRIMARY KEY CHECK(id=1), head BLOB NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS snapshots(seq INTEGER PRIMARY KEY, parts INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS snapshot_parts(seq INTEGER, part INTEGER, bytes BLOB NOT NULL,"
    "  PRIMARY KEY(seq, part)) STRICT;";

Digest digest_of(ByteView bytes) {
  Digest digest;
  if (bytes.size() == digest.bytes.size()) std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

JournalRow row_at(const Statement& statement) {
  JournalRow row;
  row.count = static_cast<std::uint32_t>(statement.integer(1));
  row.first_seq = statement.number(0) - row.count + 1;
  const ByteView events = statement.blob(3);
  row.events.assign(events.begin(), events.end());
  return row;
}

}  // namespace

SqliteJournal::SqliteJournal(Database database)
    : database_(std::move(database)),
      begin_(database_.must_prepare("BEGIN IMMEDIATE")),
      commit_(database_.must_prepare("COMMIT")),
      rollback_(database_.must_prepare("ROLLBACK")),
      insert_row_(database_.must_prepare("INSERT INTO events VALUES(?,?,?,?)")),
      put_log_head_(database_.must_prepare("INSERT OR REPLACE INTO log_head VALUES(1,?)")),
      insert_part_(database_.must_prepare("INSERT OR REPLACE INTO snapshot_parts VALUES(?,?,?)")),
      finish_snapshot_(database_.must_prepare("INSERT OR REPLACE INTO snapshots VALUES(?,?)")),
      forget_snapshots_(database_.must_prepare("DELETE FROM snapshots WHERE seq NOT IN"
                                               " (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)")) {}

Result<void> SqliteJournal::prepare_file(Database& database) {
  if (Result<void> done = database.exec(kOpen); !done) return done;
  if (Result<void> done = database.exec(kSchema); !done) return done;
  Result<Statement> version = database.prepare("SELECT value FROM meta WHERE key='version'");
  if (!version) return version.error();
  Result<bool> row = version->step();
  if (!row) return row.error();
  if (*row && version->integer(0) != kFormatVersion)
    return Error{ErrorCode::kCorrupt,
                 "the journal has format " + std::to_string(version->integer(0)) + "; this program knows " +
                     std::to_string(kFormatVersion),
                 "serve this region with the release that wrote it, or a later one"};
  version->reset();
  return database.exec("INSERT OR IGNORE INTO meta VALUES('version', 1)");
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::string& path) {
  Result<Database> database = Database::open(path, Database::Mode::kReadWrite);
  if (!database) return database.error();
  if (Result<void> done = prepare_file(*database); !done) return done.error();
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(std::move(*database)));
  if (Result<void> done = journal->recover_tail(); !done) return done.error();
  return journal;
}

Result<void> SqliteJournal::recover_tail() {
  Statement tail = database_.must_prepare("SELECT last_seq, hash FROM events ORDER BY last_seq DESC LIMIT 1");
  Result<bool> row = tail.step();
  if (!row) return row.error();
  if (!*row) return {};
  last_seq_ = tail.number(0);
  last_hash_ = digest_of(tail.blob(1));
  return {};
}

Result<void> SqliteJournal::in_transaction(const std::function<Result<void>()>& body) {
  if (Result<void> done = begin_.run(); !done) return done;
  Result<void> done = body();
  if (done) done = commit_.run();
  if (!done) (void)rollback_.run().ok();
  return done;
}

Result<void> SqliteJournal::insert_rows(std::span<const JournalRow> rows, ByteView log_head) {
  std::uint64_t seq = last_seq_;
  Digest hash = last_hash_;
  for (const JournalRow& row : rows) {
    if (row.count == 0 || row.first_seq != seq + 1)
      return Error{ErrorCode::kConflict,
                   "the journal ends with event " + std::to_string(seq) + "; a row from " +
                       std::to_string(row.first_seq) + " does not follow",
                   ""};
    hash = chain_row(hash, row);
    seq = row.last_seq();
    if (Result<void> done = insert_row_.run(seq, row.count, hash, row.events); !done) return done;
  }
  if (!log_head.empty())
    if (Result<void> done = put_log_head_.run(log_head); !done) return done;
  if (Result<void> done = commit_.run(); !done) return done;
  last_seq_ = seq;
  last_hash_ = hash;
  return {};
}

Result<void> SqliteJournal::append_with(std::span<const JournalRow> rows, ByteView log_head) {
  if (rows.empty()) return {};
  if (Result<void> done = begin_.run(); !done) return done;
  Result<void> done = insert_rows(rows, log_head);
  if (!done) (void)rollback_.run().ok();
  return done;
}

Result<std::optional<Bytes>> SqliteJournal::log_head() {
  Statement newest = database_.must_prepare("SELECT head FROM log_head");
  Result<bool> row = newest.step();
  if (!row) return row.error();
  if (!*row) return std::optional<Bytes>();
  const ByteView head = newest.blob(0);
  return std::optional<Bytes>(Bytes(head.begin(), head.end()));
}

Result<void> SqliteJournal::read(std::uint64_t from_seq, const RowVisitor& visit) {
  Statement rows =
      database_.must_prepare("SELECT last_seq, count, hash, events FROM events WHERE last_seq>=? ORDER BY 1");
  rows.bind(from_seq);
  for (;;) {
    Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return {};
    if (Result<void> done = visit(row_at(rows)); !done) return done;
  }
}

Result<void> SqliteJournal::put_snapshot_part(const SnapshotPart& part) {
  return in_transaction([&]() -> Result<void> {
    if (Result<void> done = insert_part_.run(part.seq, part.part, part.bytes); !done) return done;
    if (!part.last) return {};
    if (Result<void> done = finish_snapshot_.run(part.seq, part.part + 1); !done) return done;
    if (Result<void> done = forget_snapshots_.run(kSnapshotsKept); !done) return done;
    return database_.exec("DELETE FROM snapshot_parts WHERE seq NOT IN (SELECT seq FROM snapshots)");
  });
}

Result<std::optional<Snapshot>> SqliteJournal::latest_snapshot(std::uint64_t up_to_seq) {
  Statement newest =
      database_.must_prepare("SELECT seq, parts FROM snapshots WHERE seq<=? ORDER BY seq DESC LIMIT 1");
  newest.bind(up_to_seq);
  Result<bool> found = newest.step();
  if (!found) return found.error();
  if (!*found) return std::optional<Snapshot>();
  Snapshot snapshot;
  snapshot.seq = newest.number(0);
  Statement parts = database_.must_prepare("SELECT bytes FROM snapshot_parts WHERE seq=? ORDER BY part");
  parts.bind(snapshot.seq);
  for (;;) {
    Result<bool> row = parts.step();
    if (!row) return row.error();
    if (!*row) return std::optional<Snapshot>(std::move(snapshot));
    const ByteView bytes = parts.blob(0);
    snapshot.state.insert(snapshot.state.end(), bytes.begin(), bytes.end());
  }
}

Result<Digest> SqliteJournal::verify_chain() {
  Statement rows = database_.must_prepare("SELECT last_seq, count, hash, events FROM events ORDER BY 1");
  Digest hash;
  std::uint64_t seq = 0;
  for (;;) {
    Result<bool> more = rows.step();
    if (!more) return more.error();
    if (!*more) return hash;
    const JournalRow row = row_at(rows);
    hash = chain_row(hash, row);
    if (row.first_seq != seq + 1 || hash != digest_of(rows.blob(2)))
      return Error{ErrorCode::kCorrupt,
                   "the journal was changed: the row of events " + std::to_string(row.first_seq) + " to " +
                       std::to_string(row.last_seq()) + " does not fit the chain of hashes",
                   "restore journal.db from a backup"};
    seq = row.last_seq();
  }
}

}  // namespace reeve::shell
