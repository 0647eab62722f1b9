#include "client/job_log.h"

#include <algorithm>

#include "client/json_fields.h"
#include "client/quantities.h"
#include "protocol/utf8.h"

namespace reeve::client {
namespace {

constexpr std::uint64_t kPageLogs = 10'000;

std::string conditions(const LogSelection& selection) {
  std::string text;
  if (selection.step) text += "&step=" + std::to_string(*selection.step);
  if (!selection.tasks.empty()) text += "&task=" + selection.tasks;
  if (selection.attempt) text += "&attempt=" + std::to_string(*selection.attempt);
  return text;
}

std::string job_path(std::uint64_t job, const char* what) {
  return "/api/v1/jobs/" + std::to_string(job) + what;
}

LogName name_of(const Json& row) {
  return {number_of(row, "step"), number_of(row, "task"), number_of(row, "attempt")};
}

std::string missing_text(std::uint64_t bytes) {
  return "[... " + std::to_string(bytes) + " bytes ...]";
}

/// An attempt that gave no result that counts: another one of its task is the one to look at.
bool came_to_nothing(const std::string& outcome) {
  return outcome == "failed" || outcome == "lost" || outcome == "rejected" || outcome == "convicted";
}

}  // namespace

Result<std::string> parse_tasks(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash), UINT32_MAX, "task");
  if (!first) return first.error();
  if (dash == std::string_view::npos) return std::string(text);
  const auto last = parse_number(text.substr(dash + 1), UINT32_MAX, "task");
  if (!last) return last.error();
  if (*last < *first)
    return Error{ErrorCode::kInvalid, "tasks '" + std::string(text) + "' end before they begin",
                 "write 3 or 0-9"};
  return std::string(text);
}

Result<std::vector<LogInfo>> list_logs(Connection& connection, const LogSelection& selection) {
  std::vector<LogInfo> logs;
  for (bool more = true; more;) {
    auto answer = connection.query(job_path(selection.job, "/logs?limit=") + std::to_string(kPageLogs) +
                                   "&skip=" + std::to_string(logs.size()) + conditions(selection));
    if (!answer) return answer.error();
    const Json& rows = list_of(*answer, "logs");
    for (const Json& row : rows)
      logs.push_back({name_of(row), text_of(row, "agent_name"), text_of(row, "outcome"),
                      number_of(row, "bytes"), number_of(row, "kept_bytes")});
    more = flag_of(*answer, "more") && !rows.empty();
  }
  return logs;
}

std::vector<LogInfo> chosen_logs(const std::vector<LogInfo>& logs) {
  const auto rank = [](const LogInfo& log) {
    if (log.outcome == "agreed") return 2;
    return came_to_nothing(log.outcome) ? 0 : 1;
  };
  std::vector<LogInfo> chosen;
  for (const LogInfo& log : logs) {
    const bool same = !chosen.empty() && chosen.back().name.step == log.name.step &&
                      chosen.back().name.task == log.name.task;
    if (!same)
      chosen.push_back(log);
    else if (rank(log) >= rank(chosen.back()))
      chosen.back() = log;
  }
  return chosen;
}

LogReader::LogReader(Connection& connection, const LogSelection& selection)
    : connection_(connection),
      path_(job_path(selection.job, "/log?from=")),
      conditions_(conditions(selection)) {}

Result<std::vector<LogPart>> LogReader::next() {
  auto answer = connection_.query(path_ + std::to_string(from_) + conditions_);
  if (!answer) return answer.error();
  const Json& log = member(*answer, "log");
  std::vector<LogPart> parts;
  for (const Json& row : list_of(log, "pieces"))
    parts.push_back({name_of(row), number_of(row, "offset"), clean_text(text_of(row, "text"))});
  const std::uint64_t next = number_of(log, "next");
  more_ = flag_of(log, "more") && next > from_;
  from_ = std::max(from_, next);
  return parts;
}

Result<std::string> read_log(Connection& connection, std::uint64_t job, const LogName& name) {
  LogReader reader(connection,
                   {job, static_cast<std::uint32_t>(name.step), std::to_string(name.task), name.attempt});
  std::string text;
  std::uint64_t end = 0;
  while (reader.more()) {
    auto parts = reader.next();
    if (!parts) return parts.error();
    for (const LogPart& part : *parts) {
      if (part.offset > end) {
        if (!text.empty() && text.back() != '\n') text += '\n';
        text += missing_text(part.offset - end) + "\n";
      }
      text += part.text;
      end = part.offset + part.text.size();
    }
  }
  return text;
}

void LogPrinter::line(const LogName& name, std::string_view text) {
  std::string prefix;
  if (several_steps_) prefix = std::to_string(name.step) + "/";
  prefix += std::to_string(name.task) + ": ";
  write_(style_.paint(Tone::kFaint, prefix) + std::string(text) + "\n");
}

void LogPrinter::show(const LogPart& part) {
  State& state = states_[part.name];
  if (part.offset < state.end) return;  // seen already
  if (part.offset > state.end) {
    missing_ += part.offset - state.end;
    note(part.name, missing_text(part.offset - state.end));
  }
  state.end = part.offset + part.text.size();
  shown_ += part.text.size();
  std::string_view text = part.text;
  if (!several_tasks_) {
    write_(text);
    state.at_start = text.empty() ? state.at_start : text.back() == '\n';
    return;
  }
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    line(part.name, state.line.append(text.substr(0, end)));
    state.line.clear();
    text.remove_prefix(end + 1);
  }
  state.line.append(text);
}

void LogPrinter::note(const LogName& name, const std::string& text) {
  end(name);
  if (several_tasks_)
    line(name, style_.paint(Tone::kFaint, text));
  else
    write_(style_.paint(Tone::kFaint, text) + "\n");
}

void LogPrinter::end(const LogName& name) {
  State& state = states_[name];
  if (!state.line.empty()) line(name, state.line);
  if (!state.at_start) write_("\n");
  state.line.clear();
  state.at_start = true;
}

void LogPrinter::end_all() {
  for (auto& [name, state] : states_)
    end(name);
}

/// Of the attempts at a task the first that is heard of is shown, until it is known to have come to nothing.
Result<bool> LogFollower::is_shown(Connection& connection, const LogName& name) {
  if (selection_.attempt) return true;
  const auto decided = decided_.find(name);
  if (decided != decided_.end()) return decided->second;
  const auto [shown, first] = attempts_.try_emplace({name.step, name.task}, name.attempt);
  if (!first && shown->second != name.attempt) {
    auto logs = list_logs(connection, {selection_.job, static_cast<std::uint32_t>(name.step),
                                       std::to_string(name.task), shown->second});
    if (!logs) return logs.error();
    const LogName before{name.step, name.task, shown->second};
    if (!logs->empty() && !came_to_nothing(logs->front().outcome)) return decided_[name] = false;
    const std::string outcome = logs->empty() ? "lost" : logs->front().outcome;
    printer_.note(before, "[that attempt " + std::string(outcome == "failed" ? "" : "was ") + outcome +
                              "; what follows is attempt " + std::to_string(name.attempt) + "]");
    decided_[before] = false;
    shown->second = name.attempt;
  }
  return decided_[name] = true;
}

Result<bool> LogFollower::look(Connection& connection) {
  if (!reader_) reader_.emplace(connection, selection_);
  bool any = false;
  do {
    const auto parts = reader_->next();
    if (!parts) return parts.error();
    for (const LogPart& part : *parts) {
      const auto shown = is_shown(connection, part.name);
      if (!shown) return shown.error();
      if (!*shown) continue;
      any = true;
      if (part_shown_)
        part_shown_(part);
      else
        printer_.show(part);
    }
  } while (reader_->more());
  return any;
}

}  // namespace reeve::client
