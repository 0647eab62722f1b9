#include "scheduler/shell/sqlite.h"

#include <sqlite3.h>

namespace reeve::shell {
namespace {

/// What SQLite says, with what an operator can do about it.
Error sqlite_error(sqlite3* connection, const std::string& what) {
  const int code = sqlite3_extended_errcode(connection);
  const int primary = code & 0xFF;
  Error error{ErrorCode::kIo, what + ": " + sqlite3_errmsg(connection), ""};
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
    error.code = ErrorCode::kConflict;
    error.hint = "another process has it open; stop that one first";
  } else if (primary == SQLITE_FULL) {
    error.code = ErrorCode::kExhausted;
    error.hint = "free some disk space and start again";
  } else if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
    error.code = ErrorCode::kCorrupt;
    error.hint = "the file is damaged; restore it from a backup";
  } else {
    error.hint = "look at the disk and at the file's permissions";
  }
  return error;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Error Statement::failure() const {
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  const char* path = sqlite3_db_filename(connection, "main");
  return sqlite_error(connection, path != nullptr ? path : "database");
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  const Error error = failure();
  reset();
  return error;
}

Result<void> Statement::finish() {
  for (;;) {
    Result<bool> row = step();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}
std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
ByteView Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}
std::string_view Statement::text(int column) const {
  const unsigned char* data = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Statement::bind_one(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}
void Statement::bind_one(int index, std::string_view value) {
  sqlite3_bind_text64(statement_.get(), index, value.data() != nullptr ? value.data() : "", value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}
void Statement::bind_one(int index, ByteView value) {
  if (value.empty()) {
    sqlite3_bind_zeroblob(statement_.get(), index, 0);
    return;
  }
  sqlite3_bind_blob64(statement_.get(), index, value.data(), value.size(), SQLITE_STATIC);
}

Result<Database> Database::open(const std::string& path, Mode mode) {
  sqlite3* raw = nullptr;
  const int flags =
      (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database database(raw, path);
  if (code != SQLITE_OK) return sqlite_error(raw, path);
  sqlite3_busy_timeout(raw, mode == Mode::kReadOnly ? 2000 : 0);
  return database;
}

Result<void> Database::exec(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return sqlite_error(connection_.get(), path_);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return sqlite_error(connection_.get(), path_);
  return Statement(raw);
}

Statement Database::must_prepare(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) check_failed(statement.error().message.c_str(), __FILE__, __LINE__);
  return std::move(statement).value();
}

}  // namespace reeve::shell
