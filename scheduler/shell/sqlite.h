#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/bytes.h"
#include "protocol/result.h"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite with our errors and our bytes. Used by the journal and the view alone.
namespace reeve::shell {

/// A prepared statement. Text and bytes are bound by reference: they must live until the next run or step.
class Statement {
 public:
  /// Binds the arguments from the first parameter on.
  template <class... Value>
  Statement& bind(const Value&... values) {
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  /// Binds, runs to the end, resets.
  template <class... Value>
  Result<void> run(const Value&... values) {
    bind(values...);
    return finish();
  }
  /// True while there is a row; resets itself at the end and on failure.
  Result<bool> step();
  void reset();

  std::int64_t integer(int column) const;
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  /// Valid until the next step.
  ByteView blob(int column) const;
  std::string_view text(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Error failure() const;
  Result<void> finish();
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, std::uint64_t value) { bind_one(index, static_cast<std::int64_t>(value)); }
  void bind_one(int index, std::int32_t value) { bind_one(index, std::int64_t{value}); }
  void bind_one(int index, std::uint32_t value) { bind_one(index, std::int64_t{value}); }
  void bind_one(int index, bool value) { bind_one(index, std::int64_t{value}); }
  void bind_one(int index, std::string_view value);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, const char* value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, ByteView value);
  void bind_one(int index, const Bytes& value) { bind_one(index, ByteView(value)); }
  void bind_one(int index, const Digest& value) { bind_one(index, ByteView(value.bytes)); }

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection, used by one thread at a time.
class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };

  static Result<Database> open(const std::string& path, Mode mode);
  Result<void> exec(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  /// For statements of our own that any healthy file accepts.
  Statement must_prepare(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  Database(sqlite3* connection, std::string path) : connection_(connection), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> connection_;
  std::string path_;
};

}  // namespace reeve::shell
