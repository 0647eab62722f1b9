#include <algorithm>
#include <charconv>

#include "protocol/limits.h"
#include "scheduler/shell/api_rows.h"

/// What the API says of what tasks' programs wrote.
namespace reeve::shell {

using Json = Api::Json;

/// Which logs of a job are meant.
struct Api::LogFilter {
  std::optional<std::uint64_t> step;
  std::uint64_t first = 0;
  std::uint64_t last = limits::kTasksPerStep;
  std::optional<std::uint64_t> attempt;
  static Result<LogFilter> of(const Request& request);
  /// A condition on columns of `logs`, with numbers alone in it.
  std::string condition() const;
};

namespace {

constexpr std::uint64_t kMostLogs = 10'000;
/// Text of one answer: as JSON at most twice that, which fits a message.
constexpr std::uint64_t kAnswerBytes = 1U << 20;
constexpr std::uint64_t kMostPieces = 4096;
/// How long an answer waits for what the region has taken in before it.
constexpr std::chrono::milliseconds kPatience{2000};

bool to_number(std::string_view text, std::uint64_t& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

Error bad_number(const std::string& name, const std::string& value) {
  return {ErrorCode::kInvalid, name + " is '" + value + "'",
          name == "task" ? "name a task or a range of them: task=3 or task=0-9" : "give a number"};
}

}  // namespace

Result<Api::LogFilter> Api::LogFilter::of(const Request& request) {
  LogFilter filter;
  for (auto [name, target] : {std::pair{"step", &filter.step}, std::pair{"attempt", &filter.attempt}}) {
    const auto found = request.query.find(name);
    std::uint64_t number = 0;
    if (found == request.query.end()) continue;
    if (!to_number(found->second, number) || number > INT64_MAX) return bad_number(name, found->second);
    *target = number;
  }
  const auto task = request.query.find("task");
  if (task == request.query.end()) return filter;
  const std::string& text = task->second;
  const std::size_t dash = text.find('-');
  if (!to_number(std::string_view(text).substr(0, dash), filter.first) ||
      (dash != std::string::npos && !to_number(std::string_view(text).substr(dash + 1), filter.last)))
    return bad_number("task", text);
  if (dash == std::string::npos) filter.last = filter.first;
  if (filter.last < filter.first || filter.last > limits::kTasksPerStep) return bad_number("task", text);
  return filter;
}

std::string Api::LogFilter::condition() const {
  std::string text = "logs.task BETWEEN " + std::to_string(first) + " AND " + std::to_string(last);
  if (step) text += " AND logs.step=" + std::to_string(*step);
  if (attempt) text += " AND logs.attempt=" + std::to_string(*attempt);
  return text;
}

/// What became of an attempt at a task, as far as the view knows; "" where nothing is recorded.
Result<std::string> Api::outcome_of(StepRef step, TaskIndex task, AttemptId attempt) {
  Statement rows = database_.must_prepare(
      "SELECT 1, CASE recalled WHEN 0 THEN 'agreed' ELSE 'convicted' END FROM settled"
      " WHERE job=?1 AND step=?2 AND first<=?3 AND first+count>?3 AND attempt=?4"
      " UNION ALL SELECT 2, CASE disproved WHEN 1 THEN 'convicted' ELSE 'rejected' END FROM verdicts"
      " WHERE job=?1 AND step=?2 AND task=?3 AND attempt=?4"
      " UNION ALL SELECT 3, 'failed' FROM failures"
      " WHERE job=?1 AND step=?2 AND first<=?3 AND first+count>?3 AND attempt=?4"
      " UNION ALL SELECT 4, 'delivered' FROM results"
      " WHERE job=?1 AND step=?2 AND first<=?3 AND first+count>?3 AND attempt=?4 ORDER BY 1 LIMIT 1");
  rows.bind(step.job.value(), step.step, task, attempt.value());
  const Result<bool> row = rows.step();
  if (!row) return row.error();
  return *row ? std::string(rows.text(1)) : std::string();
}

Result<Json> Api::logs(const Request& request, JobId id) {
  if (const Result<JobRow> row = job_row(request, id); !row) return row.error();
  const Result<LogFilter> filter = LogFilter::of(request);
  if (!filter) return filter.error();
  const std::uint64_t limit = request.number("limit", 1000, kMostLogs);
  sources_.logs.wait(kPatience);
  Result<Statement> rows = logs_.prepare(
      "SELECT step, task, attempt, agent, begun_ns, last_ns, end, kept FROM logs WHERE job=? AND " +
      filter->condition() + " ORDER BY step, task, attempt LIMIT ? OFFSET ?");
  if (!rows) return rows.error();
  rows->bind(id.value(), limit + 1, request.number("skip", 0, INT64_MAX));
  Json list = Json::array();
  bool more = false;
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return row.error();
    if (!*row) break;
    if (more = list.size() == limit; more) break;
    const StepRef step{id, static_cast<StepIndex>(rows->number(0))};
    const AttemptId attempt(rows->number(2));
    const auto task = static_cast<TaskIndex>(rows->number(1));
    Result<std::string> outcome = outcome_of(step, task, attempt);
    if (!outcome) return outcome.error();
    if (outcome->empty()) {
      bool held = false;
      look([&](const core::Core& core) { held = core.holds(AgentId(rows->number(3)), attempt, step, task); });
      *outcome = held ? "running" : "lost";
    }
    list.push_back({{"step", step.step},
                    {"task", task},
                    {"attempt", attempt.value()},
                    {"agent", rows->number(3)},
                    {"agent_name", agent_name(rows->number(3))},
                    {"begun_ns", rows->integer(4)},
                    {"last_ns", rows->integer(5)},
                    {"bytes", rows->number(6)},
                    {"kept_bytes", rows->number(7)},
                    {"outcome", *outcome}});
  }
  return Json{{"logs", std::move(list)}, {"more", more}};
}

Result<Json> Api::log(const Request& request, JobId id) {
  if (const Result<JobRow> row = job_row(request, id); !row) return row.error();
  const Result<LogFilter> filter = LogFilter::of(request);
  if (!filter) return filter.error();
  const std::uint64_t limit = request.number("limit", kAnswerBytes, kAnswerBytes);
  std::uint64_t next = request.number("from", 0, INT64_MAX);
  sources_.logs.wait(kPatience);
  Result<Statement> newest = logs_.prepare("SELECT max(last_seq) FROM logs WHERE job=?");
  if (!newest) return newest.error();
  newest->bind(id.value());
  const Result<bool> any = newest->step();
  if (!any) return any.error();
  const std::uint64_t end = newest->number(0) + 1;  // what comes while this answer is made is the next one's
  newest->reset();
  Result<Statement> rows = logs_.prepare(
      "SELECT seq, step, task, attempt, at, text FROM pieces JOIN logs ON logs.id=pieces.log WHERE"
      " pieces.job=? AND seq>=? AND seq<? AND " +
      filter->condition() + " ORDER BY seq LIMIT ?");
  if (!rows) return rows.error();
  rows->bind(id.value(), next, end, kMostPieces);
  Json pieces = Json::array();
  for (std::uint64_t bytes = 0; bytes < limit;) {
    const Result<bool> row = rows->step();
    if (!row) return row.error();
    if (!*row) {
      if (pieces.size() < kMostPieces) next = std::max(next, end);
      break;
    }
    bytes += rows->text(5).size() + LogStore::kPieceBytes;
    next = rows->number(0) + 1;
    pieces.push_back({{"step", rows->number(1)},
                      {"task", rows->number(2)},
                      {"attempt", rows->number(3)},
                      {"offset", rows->number(4)},
                      {"text", rows->text(5)}});
  }
  rows->reset();
  return Json{{"log", {{"pieces", std::move(pieces)}, {"next", next}, {"more", next < end}}}};
}

}  // namespace reeve::shell
