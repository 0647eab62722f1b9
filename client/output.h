#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "client/config.h"
#include "protocol/exit_codes.h"
#include "protocol/result.h"

namespace reeve::client {

using Json = nlohmann::json;

enum class Format { kTable, kJson, kQuiet };
Result<Format> parse_format(std::string_view text);

enum class Tone { kPlain, kGood, kBad, kBusy, kFaint, kStrong };

/// How text is dressed: plain unless stdout is a terminal and NO_COLOR is not set.
struct Style {
  bool color = false;
  std::string paint(Tone tone, std::string_view text) const;
};

/// The text with '?' for each control byte: what others wrote must not steer the reader's terminal.
std::string printable(std::string_view text);

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
};

/// Columns of text; those named in `right` are aligned to the right.
class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// As many cells as columns.
  void row(std::vector<Cell> cells);
  std::string render(const Style& style) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// One answer in all its forms: what a verb produces, before anybody knows the format.
struct View {
  Json json;          // an object; "version" is added where it is missing
  std::string text;   // with its line ends
  std::string quiet;  // ids, one a line; empty prints nothing
};

/// Standard output and standard error of one run.
class Output {
 public:
  struct Streams {
    std::ostream& out;
    std::ostream& err;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    bool one_place = false;  // both are the same terminal, pipe or file
  };
  Output(Streams streams, const Environment& environment);

  Format format() const { return format_; }
  void set_format(Format format) { format_ = format; }
  const Style& style() const { return style_; }

  void show(const View& view);
  /// Text as it is, on standard output.
  void text(std::string_view text);
  /// The same for people on standard error, beside what the verb gives: table format only.
  void aside(std::string_view text);
  /// True where both streams are one, a terminal mostly: what was an aside has been seen.
  bool one_place() const { return streams_.one_place; }
  /// One line for people on standard error: table format only.
  void note(std::string_view text);
  /// Replaces the progress line; only on a terminal, and only for people.
  void progress(std::string_view line);
  void end_progress();
  /// A line of progress that stays, for people whose standard error is no terminal.
  void progress_line(std::string_view line);
  bool progress_shown() const { return streams_.err_is_terminal && format_ == Format::kTable; }
  /// Says what went wrong and gives the exit code for it.
  ExitCode fail(const Error& error);

 private:
  Streams streams_;
  Format format_ = Format::kTable;
  Style style_;
  bool in_progress_ = false;
};

/// {"error":{"code","message","hint"}}, as the region's own JSON has it.
Json error_json(const Error& error);

}  // namespace reeve::client
