
#include "protocol/archive.h"
#include "protocol/leaves.h"
#include "protocol/limits.h"
#include "scheduler/shell/api_rows.h"

/// What the API says of single tasks and of who ran what when.
namespace reeve::shell {

using Json = Api::Json;

/// Tasks [first, first + count) of one step, each with what is known of it.
struct Api::TaskRows {
  struct Task {
    const char* state = "queued";
    std::vector<Json> attempts;
  };
  TaskIndex first = 0;
  std::uint32_t leaf_bytes = 0;
  std::vector<Task> tasks;

  /// The tasks of a range that are among these.
  template <class Visit>
  void each(TaskIndex begin, std::uint64_t count, Visit visit) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t task = begin + i;
      if (task >= first && task - first < tasks.size())
        visit(tasks[static_cast<std::size_t>(task - first)], static_cast<std::size_t>(i));
    }
  }
  Json* attempt(Task& task, std::uint64_t attempt) {
    for (Json& known : task.attempts)
      if (known["attempt"] == attempt) return &known;
    return nullptr;
  }
};

namespace {

constexpr std::uint64_t kMostTasks = 10'000;
constexpr std::uint64_t kMostSpans = 100'000;

/// The root of each task of a results row: as reported, or that of the bytes.
std::vector<Digest> roots_of(const Statement& row, int sizes_column, std::uint32_t leaf_bytes) {
  std::vector<Digest> roots;
  if (!row.blob(sizes_column + 2).empty()) {
    from_archive(row.blob(sizes_column + 2), roots);
    return roots;
  }
  std::vector<std::uint64_t> sizes;
  from_archive(row.blob(sizes_column), sizes);
  ByteView payload = row.blob(sizes_column + 1);
  for (const std::uint64_t size : sizes) {
    if (size > payload.size()) break;
    roots.push_back(result_root(payload.first(size), leaf_bytes));
    payload = payload.subspan(size);
  }
  return roots;
}

}  // namespace

Result<void> Api::read_results(StepRef step, TaskRows& out) {
  Statement rows = database_.must_prepare(
      "SELECT first, count, attempt, agent, owner, replica, at_ns, sizes, payload, roots FROM results"
      " WHERE job=? AND step=? AND first>? AND first<? ORDER BY seq");
  const std::int64_t begin = std::int64_t{out.first} - limits::kTasksPerSection;
  rows.bind(step.job.value(), step.step, begin, std::uint64_t{out.first} + out.tasks.size());
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return {};
    const std::vector<Digest> roots = roots_of(rows, 7, out.leaf_bytes);
    out.each(static_cast<TaskIndex>(rows.number(0)), rows.number(1),
             [&](TaskRows::Task& task, std::size_t i) {
               task.state = "checking";
               task.attempts.push_back({{"attempt", rows.number(2)},
                                        {"agent", rows.number(3)},
                                        {"agent_name", agent_name(rows.number(3))},
                                        {"owner", rows.number(4)},
                                        {"owner_name", party_name(rows.number(4))},
                                        {"replica", rows.number(5)},
                                        {"root", i < roots.size() ? to_hex(roots[i].bytes) : ""},
                                        {"verdict", "pending"},
                                        {"recorded_ns", rows.integer(6)},
                                        {"settled_ns", 0},
                                        {"pay_micro", 0}});
             });
  }
}

Result<void> Api::read_verdicts(StepRef step, TaskRows& out) {
  Statement settled = database_.must_prepare(
      "SELECT first, count, attempt, price, at_ns, recalled FROM settled WHERE job=? AND step=? AND first>=0"
      " AND first<? AND first+count>?");
  settled.bind(step.job.value(), step.step, std::uint64_t{out.first} + out.tasks.size(), out.first);
  for (;;) {
    const Result<bool> row = settled.step();
    if (!row) return row.error();
    if (!*row) break;
    const bool recalled = settled.integer(5) != 0;
    out.each(static_cast<TaskIndex>(settled.number(0)), settled.number(1),
             [&](TaskRows::Task& task, std::size_t) {
               if (!recalled) task.state = "settled";
               Json* attempt = out.attempt(task, settled.number(2));
               if (attempt == nullptr) return;
               (*attempt)["verdict"] = recalled ? "convicted" : "agreed";
               (*attempt)["settled_ns"] = settled.integer(4);
               (*attempt)["pay_micro"] = recalled ? 0 : settled.integer(3);
             });
  }
  Statement verdicts = database_.must_prepare(
      "SELECT task, attempt, disproved FROM verdicts WHERE job=? AND step=? AND task>=? AND task<?");
  verdicts.bind(step.job.value(), step.step, out.first, std::uint64_t{out.first} + out.tasks.size());
  for (;;) {
    const Result<bool> row = verdicts.step();
    if (!row) return row.error();
    if (!*row) break;
    out.each(static_cast<TaskIndex>(verdicts.number(0)), 1, [&](TaskRows::Task& task, std::size_t) {
      if (Json* attempt = out.attempt(task, verdicts.number(1)))
        (*attempt)["verdict"] = verdicts.integer(2) != 0 ? "convicted" : "rejected";
    });
  }
  Statement failed = database_.must_prepare("SELECT first, count FROM failed WHERE job=? AND step=?");
  failed.bind(step.job.value(), step.step);
  for (;;) {
    const Result<bool> row = failed.step();
    if (!row) return row.error();
    if (!*row) return {};
    out.each(static_cast<TaskIndex>(failed.number(0)), failed.number(1),
             [](TaskRows::Task& task, std::size_t) { task.state = "failed"; });
  }
}

void Api::read_open(StepRef ref, TaskRows& out) {
  sources_.view.ask([&](const core::Durable& state) {
    const core::StepState* step = state.find_step(ref);
    if (step == nullptr) return;
    const auto end = step->open.lower_bound(static_cast<TaskIndex>(out.first + out.tasks.size()));
    for (auto open = step->open.lower_bound(out.first); open != end; ++open) {
      TaskRows::Task& task = out.tasks[open->first - out.first];
      if (std::holds_alternative<core::Disputed>(open->second.phase))
        task.state = "disputed";
      else if (std::holds_alternative<core::Storing>(open->second.phase))
        task.state = "storing";
      else
        task.state = open->second.attempts.empty() ? "queued" : "checking";
    }
    for (std::size_t i = 0; i < out.tasks.size(); ++i) {
      const auto index = static_cast<TaskIndex>(out.first + i);
      const bool recalled = !step->done.contains(index) && !step->open.contains(index) &&
                            !step->failed.contains(index) && !out.tasks[i].attempts.empty();
      if (recalled) out.tasks[i].state = "recomputing";
    }
  });
}

Result<void> Api::read_tasks(StepRef step, TaskRows& rows) {
  if (Result<void> done = read_results(step, rows); !done) return done;
  if (Result<void> done = read_verdicts(step, rows); !done) return done;
  read_open(step, rows);
  return {};
}

Result<Json> Api::tasks(const Request& request, JobId id) {
  const Result<JobRow> row = job_row(request, id);
  if (!row) return row.error();
  const StepRef step{id, static_cast<StepIndex>(request.number("step", 0, limits::kStepsPerJob))};
  Statement spec_row = database_.must_prepare("SELECT spec FROM steps WHERE job=? AND step=?");
  spec_row.bind(id.value(), step.step);
  const Result<bool> found = spec_row.step();
  StepSpec spec;
  if (!found || !*found || !from_archive(spec_row.blob(0), spec))
    return Error{ErrorCode::kNotFound, "the job has no step " + std::to_string(step.step), ""};
  TaskRows rows;
  rows.first = static_cast<TaskIndex>(request.number("first", 0, spec.task_count));
  rows.leaf_bytes = spec.leaf_bytes;
  rows.tasks.resize(
      std::min<std::uint64_t>(request.number("limit", 1000, kMostTasks), spec.task_count - rows.first));
  if (Result<void> done = read_tasks(step, rows); !done) return done.error();
  Json list = Json::array();
  for (std::size_t i = 0; i < rows.tasks.size(); ++i) {
    TaskRows::Task& task = rows.tasks[i];
    const bool like_last = !list.empty() && task.attempts.empty() && list.back()["attempts"].empty() &&
                           list.back()["state"] == task.state;
    if (like_last) {
      list.back()["count"] = list.back()["count"].get<std::uint64_t>() + 1;
      continue;
    }
    list.push_back({{"step", step.step},
                    {"first", rows.first + i},
                    {"count", 1},
                    {"state", task.state},
                    {"attempts", std::move(task.attempts)}});
    if (list.back()["attempts"].is_null()) list.back()["attempts"] = Json::array();
  }
  return Json{{"tasks", list}};
}

/// attempt -> what became of it, for attempts that a verdict or a settlement names.
Result<std::map<std::uint64_t, std::string>> Api::outcomes(JobId id) {
  std::map<std::uint64_t, std::string> outcome;
  Statement rows = database_.must_prepare(
      "SELECT attempt, CASE MAX(recalled) WHEN 1 THEN 'convicted' ELSE 'settled' END FROM settled WHERE "
      "job=?1"
      " GROUP BY attempt UNION ALL SELECT attempt, CASE disproved WHEN 1 THEN 'convicted' ELSE 'rejected' END"
      " FROM verdicts WHERE job=?1");
  rows.bind(id.value());
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return outcome;
    std::string& known = outcome[rows.number(0)];
    if (known != "convicted") known = std::string(rows.text(1));
  }
}

Result<Json> Api::timeline(const Request& request) {
  const JobId id(request.number("job", 0, UINT64_MAX));
  if (const Result<JobRow> row = job_row(request, id); !row) return row.error();
  const Result<std::map<std::uint64_t, std::string>> outcome = outcomes(id);
  if (!outcome) return outcome.error();
  Statement rows = database_.must_prepare(
      "SELECT attempt, agent, owner, step, first, count, replica, started_ns, at_ns, 0 FROM results WHERE "
      "job=?1"
      " UNION ALL SELECT attempt, agent, owner, step, first, count, 0, at_ns, at_ns, 1 FROM failures WHERE "
      "job=?1"
      " ORDER BY 8 LIMIT ?2");
  rows.bind(id.value(), kMostSpans);
  Json spans = Json::array();
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return Json{{"spans", spans}};
    const auto known = outcome->find(rows.number(0));
    std::string became = known == outcome->end() ? "pending" : known->second;
    if (rows.integer(9) != 0) became = "failed";
    spans.push_back({{"agent", rows.number(1)},
                     {"agent_name", agent_name(rows.number(1))},
                     {"owner", rows.number(2)},
                     {"owner_name", party_name(rows.number(2))},
                     {"step", rows.number(3)},
                     {"first", rows.number(4)},
                     {"count", rows.number(5)},
                     {"replica", rows.number(6)},
                     {"start_ns", rows.integer(7)},
                     {"end_ns", rows.integer(8)},
                     {"outcome", became}});
  }
}

}  // namespace reeve::shell
