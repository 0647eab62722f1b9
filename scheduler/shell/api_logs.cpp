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

/// One attempt's log at one task.
struct Api::LogRow {
  StepIndex step = 0;
  TaskIndex task = 0;
  AttemptId attempt;
  AgentId agent;
  std::int64_t begun_ns = 0;
  std::int64_t last_ns = 0;
  std::uint64_t bytes = 0;
  std::uint64_t kept_bytes = 0;
  std::string outcome;
};

/// Recorded of tasks [first, first + count) of an attempt.
struct Api::LogOutcome {
  StepIndex step = 0;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::string outcome;
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

/// What became of the tasks of attempts, as far as it is recorded: read at once for all that are listed.
Result<void> Api::read_outcomes(JobId job, const std::vector<LogRow>& rows, LogOutcomes& out) {
  if (rows.empty()) return {};
  const auto [least, most] = std::minmax_element(
      rows.begin(), rows.end(), [](const LogRow& a, const LogRow& b) { return a.task < b.task; });
  Statement spans = database_.must_prepare(
      "SELECT 1, step, first, count, attempt, CASE recalled WHEN 0 THEN 'agreed' ELSE 'convicted' END FROM "
      "settled"
      " WHERE job=?1 AND first>?2 AND first<=?3"
      " UNION ALL SELECT 2, step, task, 1, attempt, CASE disproved WHEN 1 THEN 'convicted' ELSE 'rejected' "
      "END"
      " FROM verdicts WHERE job=?1 AND task>?2 AND task<=?3"
      " UNION ALL SELECT 3, step, first, count, attempt, 'failed' FROM failures"
      " WHERE job=?1 AND first>?2 AND first<=?3"
      " UNION ALL SELECT 4, step, first, count, attempt, 'delivered' FROM results"
      " WHERE job=?1 AND first>?2 AND first<=?3 ORDER BY 1");
  spans.bind(job.value(), std::int64_t{least->task} - limits::kTasksPerSection, most->task);
  for (;;) {
    const Result<bool> row = spans.step();
    if (!row) return row.error();
    if (!*row) return {};
    out[spans.number(4)].push_back({static_cast<StepIndex>(spans.number(1)), spans.number(2), spans.number(3),
                                    std::string(spans.text(5))});
  }
}

/// Asks the loop which of the attempts that nothing is recorded of are held still.
void Api::conclude(JobId job, std::vector<LogRow>& rows, const LogOutcomes& outcomes) {
  for (LogRow& row : rows) {
    const auto known = outcomes.find(row.attempt.value());
    if (known == outcomes.end()) continue;
    for (const LogOutcome& span : known->second) {  // the strongest comes first
      if (span.step != row.step || row.task < span.first || row.task - span.first >= span.count) continue;
      row.outcome = span.outcome;
      break;
    }
  }
  look([&](const core::Core& core) {
    for (LogRow& row : rows)
      if (row.outcome.empty() && core.holds(row.agent, row.attempt, {job, row.step}, row.task))
        row.outcome = "running";
  });
}

Result<std::vector<Api::LogRow>> Api::read_logs(const Request& request, JobId id, std::uint64_t limit) {
  const Result<LogFilter> filter = LogFilter::of(request);
  if (!filter) return filter.error();
  Result<Statement> rows = logs_.prepare(
      "SELECT step, task, attempt, agent, begun_ns, last_ns, end, kept FROM logs WHERE job=? AND " +
      filter->condition() + " ORDER BY step, task, attempt LIMIT ? OFFSET ?");
  if (!rows) return rows.error();
  rows->bind(id.value(), limit, request.number("skip", 0, INT64_MAX));
  std::vector<LogRow> list;
  for (;;) {
    const Result<bool> row = rows->step();
    if (!row) return row.error();
    if (!*row) return list;
    list.push_back({static_cast<StepIndex>(rows->number(0)), static_cast<TaskIndex>(rows->number(1)),
                    AttemptId(rows->number(2)), AgentId(rows->number(3)), rows->integer(4), rows->integer(5),
                    rows->number(6), rows->number(7), ""});
  }
}

Result<Json> Api::logs(const Request& request, JobId id) {
  if (const Result<JobRow> row = job_row(request, id); !row) return row.error();
  if (Result<void> kept = check_kept(id); !kept) return kept.error();
  const std::uint64_t limit = request.number("limit", 1000, kMostLogs);
  sources_.logs.wait(kPatience);
  Result<std::vector<LogRow>> rows = read_logs(request, id, limit + 1);
  if (!rows) return rows.error();
  const bool more = rows->size() > limit;
  if (more) rows->pop_back();
  LogOutcomes outcomes;
  if (Result<void> done = read_outcomes(id, *rows, outcomes); !done) return done.error();
  conclude(id, *rows, outcomes);
  Json list = Json::array();
  for (const LogRow& row : *rows)
    list.push_back({{"step", row.step},
                    {"task", row.task},
                    {"attempt", row.attempt.value()},
                    {"agent", row.agent.value()},
                    {"agent_name", agent_name(row.agent.value())},
                    {"begun_ns", row.begun_ns},
                    {"last_ns", row.last_ns},
                    {"bytes", row.bytes},
                    {"kept_bytes", row.kept_bytes},
                    {"outcome", row.outcome.empty() ? "lost" : row.outcome}});
  return Json{{"logs", std::move(list)}, {"more", more}};
}

Result<Json> Api::log(const Request& request, JobId id) {
  if (const Result<JobRow> row = job_row(request, id); !row) return row.error();
  if (Result<void> kept = check_kept(id); !kept) return kept.error();
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
