#include "client/output.h"

#include <algorithm>
#include <ostream>

#include "protocol/check.h"

namespace reeve::client {
namespace {

const char* escape_of(Tone tone) {
  switch (tone) {
    case Tone::kPlain: return "";
    case Tone::kGood: return "\x1b[32m";
    case Tone::kBad: return "\x1b[31m";
    case Tone::kBusy: return "\x1b[36m";
    case Tone::kFaint: return "\x1b[2m";
    case Tone::kStrong: return "\x1b[1m";
  }
  return "";
}

/// Characters, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string printable(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    clean += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return clean;
}

Result<Format> parse_format(std::string_view text) {
  if (text == "table") return Format::kTable;
  if (text == "json") return Format::kJson;
  if (text == "quiet") return Format::kQuiet;
  return Error{ErrorCode::kInvalid, "output '" + std::string(text) + "' is not known",
               "say table, json or quiet"};
}

std::string Style::paint(Tone tone, std::string_view text) const {
  if (!color || tone == Tone::kPlain || text.empty()) return std::string(text);
  return escape_of(tone) + std::string(text) + "\x1b[0m";
}

void Table::row(std::vector<Cell> cells) {
  REEVE_CHECK(cells.size() == columns_.size(), "a table's row has a cell for each column");
  for (Cell& cell : cells)
    cell.text = printable(cell.text);
  rows_.push_back(std::move(cells));
}

std::string Table::render(const Style& style) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = width_of(columns_[c].title);
    for (const auto& cells : rows_)
      width = std::max(width, width_of(cells[c].text));
    widths.push_back(width);
  }
  std::string text;
  const auto line = [&](const std::vector<Cell>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string gap(widths[c] - width_of(cells[c].text), ' ');
      const bool last = c + 1 == cells.size();
      const std::string painted = style.paint(cells[c].tone, cells[c].text);
      text += columns_[c].right ? gap + painted : painted + (last ? "" : gap);
      text += last ? "\n" : "  ";
    }
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_)
    titles.push_back({column.title, Tone::kFaint});
  line(titles);
  for (const auto& cells : rows_)
    line(cells);
  return text;
}

Output::Output(Streams streams, const Environment& environment) : streams_(streams) {
  const auto no_color = environment("NO_COLOR");
  style_.color = streams.out_is_terminal && (!no_color || no_color->empty());
}

void Output::show(const View& view) {
  end_progress();
  if (format_ == Format::kJson) {
    Json document = view.json;
    if (!document.contains("version")) document["version"] = 1;
    streams_.out << document.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    const std::string& text = format_ == Format::kTable ? view.text : view.quiet;
    streams_.out << text;
    if (!text.empty() && text.back() != '\n') streams_.out << '\n';
  }
  streams_.out.flush();
}

void Output::text(std::string_view text) {
  end_progress();
  streams_.out << text << std::flush;
}

void Output::aside(std::string_view text) {
  end_progress();
  if (format_ == Format::kTable) streams_.err << text << std::flush;
}

void Output::note(std::string_view text) {
  end_progress();
  if (format_ == Format::kTable) streams_.err << text << std::endl;
}

void Output::progress(std::string_view line) {
  if (!progress_shown()) return;
  streams_.err << "\r\x1b[K" << line << std::flush;
  in_progress_ = true;
}

void Output::progress_line(std::string_view line) {
  if (!streams_.err_is_terminal && format_ == Format::kTable) streams_.err << line << std::endl;
}

void Output::end_progress() {
  if (in_progress_) streams_.err << std::endl;
  in_progress_ = false;
}

ExitCode Output::fail(const Error& error) {
  end_progress();
  if (format_ == Format::kJson) {
    streams_.out << error_json(error).dump(2, ' ', false, Json::error_handler_t::replace) << std::endl;
  } else {
    streams_.err << "reeve: " << printable(error.message) << '\n';
    if (!error.hint.empty()) streams_.err << "       " << printable(error.hint) << '\n';
    streams_.err.flush();
  }
  return exit_code_of(error.code);
}

Json error_json(const Error& error) {
  return {
      {"version", 1},
      {"error", {{"code", error_code_name(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
}

}  // namespace reeve::client
