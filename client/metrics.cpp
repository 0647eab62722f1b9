#include "client/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

namespace reeve::client {
namespace {

constexpr std::string_view kPrefix = "reeve_metric:";
/// Of one line: more is a mistake, and no table could show it.
constexpr std::size_t kValuesPerLine = 64;
constexpr std::size_t kNameBytes = 64;
constexpr std::size_t kValueBytes = 64;
constexpr std::size_t kColumns = 256;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytes && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '-';
  });
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> columns_of(const std::vector<MetricRow>& rows) {
  std::vector<std::string> names;
  std::map<std::string, bool, std::less<>> known;
  for (const MetricRow& row : rows)
    for (const auto& [name, value] : row.metrics.values)
      if (names.size() < kColumns && known.emplace(name, true).second) names.push_back(name);
  return names;
}

std::string value_of(const MetricRow& row, const std::string& name) {
  const auto& values = row.metrics.values;
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == name; });
  return found == values.end() ? "" : found->second;
}

std::string task_of(const MetricRow& row, bool several_steps) {
  return (several_steps ? std::to_string(row.log.step) + "/" : "") + std::to_string(row.log.task);
}

/// JSON knows no infinity and no NaN: they stay words, as do words.
Json json_value(const std::string& text) {
  if (const auto whole = number<std::int64_t>(text)) return *whole;
  const auto real = number<double>(text);
  return real && std::isfinite(*real) ? Json(*real) : Json(text);
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of("\",\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text)
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::optional<Metrics> parse_metrics(std::string_view line) {
  if (!line.starts_with(kPrefix)) return std::nullopt;
  line.remove_prefix(kPrefix.size());
  Metrics metrics;
  while (metrics.values.size() < kValuesPerLine) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r,"), line.size()));
    if (line.empty()) break;
    const std::string_view word = line.substr(0, line.find_first_of(" \t\r,"));
    line.remove_prefix(word.size());
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = word.substr(equals + 1);
    if (!is_name(name) || value.empty() || value.size() > kValueBytes) continue;
    const auto step = name == "step" ? number<std::int64_t>(value) : std::nullopt;
    if (step)
      metrics.step = step;
    else
      metrics.values.emplace_back(name, value);
  }
  if (metrics.values.empty()) return std::nullopt;
  return metrics;
}

std::vector<MetricRow> metric_rows(const LogName& name, std::string_view log, bool all) {
  std::vector<MetricRow> rows;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find('\n'), log.size());
    auto metrics = parse_metrics(log.substr(0, end));
    log.remove_prefix(std::min(end + 1, log.size()));
    if (!metrics) continue;
    if (all || rows.empty()) {
      rows.push_back({name, std::move(*metrics)});
      continue;
    }
    Metrics& last = rows.back().metrics;
    if (metrics->step) last.step = metrics->step;
    for (auto& [key, value] : metrics->values) {
      const auto known = std::find_if(last.values.begin(), last.values.end(),
                                      [&key = key](const auto& v) { return v.first == key; });
      if (known != last.values.end())
        known->second = value;
      else if (last.values.size() < kColumns)
        last.values.emplace_back(key, value);
    }
  }
  return rows;
}

View metrics_view(const std::vector<MetricRow>& rows, bool several_steps, const Style& style) {
  const std::vector<std::string> names = columns_of(rows);
  const bool steps =
      std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.metrics.step.has_value(); });
  std::vector<Table::Column> columns{{"TASK", true}};
  if (steps) columns.push_back({"STEP", true});
  for (const std::string& name : names)
    columns.push_back({name, true});
  Table table(columns);
  Json list = Json::array();
  for (const MetricRow& row : rows) {
    std::vector<Cell> cells{{task_of(row, several_steps)}};
    if (steps) cells.push_back({row.metrics.step ? std::to_string(*row.metrics.step) : ""});
    Json values = Json::object();
    for (const std::string& name : names)
      cells.push_back({value_of(row, name)});
    for (const auto& [name, value] : row.metrics.values)
      values[name] = json_value(value);
    table.row(std::move(cells));
    Json entry{{"step", row.log.step},
               {"task", row.log.task},
               {"attempt", row.log.attempt},
               {"metric_step", nullptr},
               {"values", std::move(values)}};
    if (row.metrics.step) entry["metric_step"] = *row.metrics.step;
    list.push_back(std::move(entry));
  }
  std::string text =
      rows.empty() ? "No task wrote a line 'reeve_metric: NAME=VALUE'.\n" : table.render(style);
  return {{{"metrics", std::move(list)}}, std::move(text), metrics_csv(rows, several_steps)};
}

std::string metrics_csv(const std::vector<MetricRow>& rows, bool several_steps) {
  const std::vector<std::string> names = columns_of(rows);
  std::string text = "task,step";
  for (const std::string& name : names)
    text += "," + csv_cell(name);
  text += "\n";
  for (const MetricRow& row : rows) {
    text += task_of(row, several_steps) + ",";
    if (row.metrics.step) text += std::to_string(*row.metrics.step);
    for (const std::string& name : names)
      text += "," + csv_cell(value_of(row, name));
    text += "\n";
  }
  return text;
}

}  // namespace reeve::client
