#include "scheduler/shell/log_store.h"

#include <filesystem>

namespace reeve::shell {
namespace {

constexpr std::int64_t kVersion = 1;

// No fsync but at checkpoints: after a power cut the last seconds of logs may be missing.
constexpr const char* kOpen =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"
    "PRAGMA wal_autocheckpoint=4096;";

constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS logs(id INTEGER PRIMARY KEY, job INTEGER, step INTEGER, task INTEGER, attempt INTEGER,
  agent INTEGER, begun_ns INTEGER, last_ns INTEGER, last_seq INTEGER, end INTEGER, kept INTEGER, pieces INTEGER,
  tail_from INTEGER) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS log_of ON logs(job, step, task, attempt);
CREATE INDEX IF NOT EXISTS log_age ON logs(last_seq);
CREATE INDEX IF NOT EXISTS log_age_in ON logs(job, last_seq);
CREATE TABLE IF NOT EXISTS pieces(seq INTEGER PRIMARY KEY, log INTEGER, job INTEGER, at INTEGER, text TEXT) STRICT;
CREATE INDEX IF NOT EXISTS pieces_of ON pieces(log, at);
CREATE INDEX IF NOT EXISTS pieces_in ON pieces(job, seq);
)sql";

}  // namespace

struct LogStore::Statements {
  explicit Statements(Database& database)
      : begin(database.must_prepare("BEGIN")),
        commit(database.must_prepare("COMMIT")),
        roll_back(database.must_prepare("ROLLBACK")),
        find(database.must_prepare("SELECT id, job, end, kept, pieces, last_ns, tail_from FROM logs"
                                   " WHERE job=? AND step=? AND task=? AND attempt=?")),
        make(database.must_prepare("INSERT INTO logs(job, step, task, attempt, agent, begun_ns, last_ns,"
                                   " last_seq, end, kept, pieces, tail_from)"
                                   " VALUES(?1,?2,?3,?4,?5,?6,?6,?7,0,0,0,-1)")),
        grow(database.must_prepare("UPDATE logs SET last_ns=?2, last_seq=?3, end=?4, kept=?5, pieces=?6,"
                                   " tail_from=?7 WHERE id=?1")),
        add(database.must_prepare("INSERT INTO pieces VALUES(?,?,?,?,?)")),
        first_of_tail(database.must_prepare(
            "SELECT seq, length(CAST(text AS BLOB)) FROM pieces WHERE log=? AND at>=? ORDER BY at LIMIT 1")),
        drop_piece(database.must_prepare("DELETE FROM pieces WHERE seq=?")),
        oldest(database.must_prepare("SELECT id, job, end, kept, pieces, last_ns, tail_from FROM logs"
                                     " ORDER BY last_seq LIMIT 1")),
        oldest_in(database.must_prepare("SELECT id, job, end, kept, pieces, last_ns, tail_from FROM logs"
                                        " WHERE job=? ORDER BY last_seq LIMIT 1")),
        drop_pieces(database.must_prepare("DELETE FROM pieces WHERE log=?")),
        drop_log(database.must_prepare("DELETE FROM logs WHERE id=?")) {}
  Statement begin, commit, roll_back, find, make, grow, add, first_of_tail, drop_piece, oldest, oldest_in,
      drop_pieces, drop_log;
};

LogStore::LogStore(Database database, const Bounds& bounds)
    : database_(std::move(database)), statements_(std::make_unique<Statements>(database_)), bounds_(bounds) {}

LogStore::~LogStore() = default;

Result<Database> LogStore::open_file(const std::string& path) {
  Result<Database> database = Database::open(path, Database::Mode::kReadWrite);
  if (!database) return database.error();
  if (Result<void> done = database->exec(kOpen); !done) return done.error();
  Result<Statement> version = database->prepare("PRAGMA user_version");
  if (!version) return version.error();
  const Result<bool> row = version->step();
  if (!row) return row.error();
  const std::int64_t known = version->integer(0);
  version->reset();
  if (known != 0 && known != kVersion) return Error{ErrorCode::kCorrupt, path + " has another format", ""};
  if (Result<void> done = database->exec(kSchema); !done) return done.error();
  if (Result<void> done = database->exec("PRAGMA user_version=1"); !done) return done.error();
  return database;
}

Result<std::unique_ptr<LogStore>> LogStore::open(const std::string& path, const Bounds& bounds) {
  for (const bool anew : {false, true}) {
    std::error_code ignored;
    if (anew)
      for (const char* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(path + suffix, ignored);
    Result<Database> database = open_file(path);
    if (!database && (anew || database.error().code != ErrorCode::kCorrupt)) return database.error();
    if (!database) continue;
    std::unique_ptr<LogStore> store(new LogStore(std::move(*database), bounds));
    const Result<void> loaded = store->load();
    if (loaded) return store;
    if (anew || loaded.error().code != ErrorCode::kCorrupt) return loaded.error();
  }
  return Error{ErrorCode::kIo, path + " cannot be made anew", "look at the folder's permissions"};
}

Result<void> LogStore::load() {
  Result<Statement> rows = database_.prepare("SELECT job, kept, pieces, last_seq FROM logs");
  if (!rows) return rows.error();
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    Row log;
    log.kept = rows->number(1);
    log.pieces = rows->number(2);
    count(rows->number(0), static_cast<std::int64_t>(log.cost()));
    next_seq_ = std::max(next_seq_, rows->number(3) + 1);
  }
}

Result<void> LogStore::begin() {
  return statements_->begin.run();
}
Result<void> LogStore::commit() {
  return statements_->commit.run();
}
void LogStore::roll_back() {
  (void)statements_->roll_back.run().ok();  // SQLite may have done so itself
  job_bytes_.clear();
  bytes_ = 0;
  (void)load().ok();
}

void LogStore::count(std::uint64_t job, std::int64_t change) {
  bytes_ += static_cast<std::uint64_t>(change);
  std::uint64_t& of_job = job_bytes_[job];
  of_job += static_cast<std::uint64_t>(change);
  if (of_job == 0) job_bytes_.erase(job);
}

LogStore::Row LogStore::read(Statement& rows) {
  Row row{
      rows.number(0), rows.number(1), rows.number(2), rows.number(3), rows.number(4), rows.integer(5), {}};
  if (rows.integer(6) >= 0) row.tail_from = rows.number(6);
  rows.reset();
  return row;
}

Result<LogStore::Row> LogStore::find_or_make(AgentId agent, const msg::LogPiece& piece, Time now) {
  const std::uint64_t job = piece.step.job.value();
  Statement& find = statements_->find;
  for (const bool made : {false, true}) {
    find.bind(job, piece.step.step, piece.task, piece.attempt.value());
    const Result<bool> known = find.step();
    if (!known) return known.error();
    if (*known) {
      const Row row = read(find);
      if (made) count(job, kLogBytes);
      return row;
    }
    if (made) break;
    if (Result<void> done = statements_->make.run(job, piece.step.step, piece.task, piece.attempt.value(),
                                                  agent.value(), now.ns, next_seq_);
        !done)
      return done.error();
  }
  return Error{ErrorCode::kCorrupt, "a log that was made is not there", ""};
}

Result<void> LogStore::write(const Row& row, Time now) {
  Statement& grow = statements_->grow;
  const std::int64_t tail = row.tail_from ? static_cast<std::int64_t>(*row.tail_from) : -1;
  return grow.run(row.id, now.ns, next_seq_++, row.end, row.kept, row.pieces, tail);
}

/// Drops the oldest of what is neither the log's beginning nor `coming`, until both fit.
Result<void> LogStore::trim(Row& row, std::uint64_t coming) {
  Statement& first = statements_->first_of_tail;
  while (row.cost() + coming > bounds_.log_bytes) {
    first.bind(row.id, *row.tail_from);
    const Result<bool> any = first.step();
    if (!any) return any.error();
    if (!*any) return Error{ErrorCode::kCorrupt, "a log has no pieces where it counts some", ""};
    const std::uint64_t seq = first.number(0);
    const std::uint64_t size = first.number(1);
    first.reset();
    if (Result<void> done = statements_->drop_piece.run(seq); !done) return done;
    row.kept -= size;
    row.pieces -= 1;
    count(row.job, -static_cast<std::int64_t>(size + kPieceBytes));
  }
  return {};
}

Result<std::optional<LogStore::Row>> LogStore::oldest(std::optional<std::uint64_t> job) {
  Statement& rows = job ? statements_->oldest_in : statements_->oldest;
  if (job) rows.bind(*job);
  const Result<bool> any = rows.step();
  if (!any) return any.error();
  if (!*any) return std::optional<Row>();
  return std::optional<Row>(read(rows));
}

Result<void> LogStore::drop(const Row& row) {
  if (Result<void> done = statements_->drop_pieces.run(row.id); !done) return done;
  if (Result<void> done = statements_->drop_log.run(row.id); !done) return done;
  count(row.job, -static_cast<std::int64_t>(row.cost()));
  return {};
}

Result<void> LogStore::forget(JobId job) {
  for (;;) {
    const auto row = oldest(job.value());
    if (!row) return row.error();
    if (!*row) return {};
    if (Result<void> done = drop(**row); !done) return done;
  }
}

Result<void> LogStore::make_room(std::uint64_t job) {
  const auto over = [&](bool of_job) {
    const auto found = job_bytes_.find(job);
    return of_job ? found != job_bytes_.end() && found->second > bounds_.job_bytes
                  : bytes_ > bounds_.all_bytes;
  };
  for (const bool of_job : {true, false}) {
    while (over(of_job)) {
      const auto row = oldest(of_job ? std::optional(job) : std::nullopt);
      if (!row) return row.error();
      if (!*row) break;
      if (Result<void> done = drop(**row); !done) return done;
    }
  }
  return {};
}

Result<void> LogStore::add(AgentId agent, const msg::LogPiece& piece, Time now) {
  if (piece.text.empty()) return {};
  Result<Row> row = find_or_make(agent, piece, now);
  if (!row) return row.error();
  if (piece.offset < row->end) return {};
  const std::uint64_t cost = piece.text.size() + kPieceBytes;
  if (!row->tail_from && row->cost() + cost > bounds_.log_bytes / 2) row->tail_from = piece.offset;
  if (Result<void> done = trim(*row, cost); !done) return done;
  row->end = piece.offset + piece.text.size();
  row->kept += piece.text.size();
  row->pieces += 1;
  count(row->job, static_cast<std::int64_t>(cost));
  if (Result<void> done = statements_->add.run(next_seq_, row->id, row->job, piece.offset, piece.text); !done)
    return done;
  if (Result<void> done = write(*row, now); !done) return done;
  return make_room(row->job);
}

Result<void> LogStore::forget_before(Time time) {
  for (;;) {
    const auto row = oldest(std::nullopt);
    if (!row) return row.error();
    if (!*row || (*row)->last_ns >= time.ns) return {};
    if (Result<void> done = drop(**row); !done) return done;
  }
}

}  // namespace reeve::shell
