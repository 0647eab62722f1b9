#include <algorithm>

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
    const char* open_state = nullptr;  // of a task that awaits something
    std::vector<AttemptId> awaited;    // attempts that may still get a verdict
    bool wanted = true;                // neither done nor failed
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
  void take_open(const core::Durable& state, StepRef ref);
  void conclude();
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
      "SELECT first, count, attempt, agent, owner, replica, at_ns, sizes, payload, roots, started_ns"
      " FROM results"
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
                                        {"leased_ns", rows.integer(10)},
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

/// What the state knows of these tasks and no row says.
void Api::TaskRows::take_open(const core::Durable& state, StepRef ref) {
  const core::StepState* step = state.find_step(ref);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto index = static_cast<TaskIndex>(first + i);
    tasks[i].wanted = step != nullptr && !step->done.contains(index) && !step->failed.contains(index);
  }
  if (step == nullptr) return;
  const auto end = step->open.lower_bound(static_cast<TaskIndex>(first + tasks.size()));
  for (auto open = step->open.lower_bound(first); open != end; ++open) {
    Task& task = tasks[open->first - first];
    for (const core::Recorded& recorded : open->second.attempts)
      task.awaited.push_back(recorded.attempt);
    if (std::holds_alternative<core::Disputed>(open->second.phase))
      task.open_state = "disputed";
    else if (std::holds_alternative<core::Comparing>(open->second.phase))
      task.open_state = "comparing";
    else if (std::holds_alternative<core::Storing>(open->second.phase))
      task.open_state = "storing";
    else
      task.open_state = task.awaited.empty() ? "queued" : "checking";
  }
}

/// After every row was read: the state of what awaits something, and of attempts that await nothing any more.
void Api::TaskRows::conclude() {
  for (Task& task : tasks) {
    if (task.open_state != nullptr) task.state = task.open_state;
    if (task.wanted && task.awaited.empty() && !task.attempts.empty()) task.state = "recomputing";
    for (Json& attempt : task.attempts) {
      if (attempt["verdict"] != "pending") continue;
      const AttemptId id(attempt["attempt"].get<std::uint64_t>());
      if (std::find(task.awaited.begin(), task.awaited.end(), id) == task.awaited.end())
        attempt["verdict"] = "late";
    }
  }
}

/// Which tasks agents hold now: only the loop knows.
void Api::read_running(StepRef step, TaskRows& out) {
  const TaskRange range{out.first, static_cast<std::uint32_t>(out.tasks.size())};
  std::map<AgentId, PartyId> owners;
  std::vector<core::Holding> held;
  look([&](const core::Core& core) {
    held = core.holdings(step, range);
    for (const core::Holding& holding : held)
      owners[holding.agent] = core.durable().agents.at(holding.agent).owner;
  });
  for (const core::Holding& holding : held) {
    const PartyId owner = owners[holding.agent];
    const Json attempt{{"attempt", holding.attempt.value()},
                       {"agent", holding.agent.value()},
                       {"agent_name", agent_name(holding.agent.value())},
                       {"owner", owner.value()},
                       {"owner_name", party_name(owner.value())},
                       {"replica", holding.replica},
                       {"root", ""},
                       {"verdict", "running"},
                       {"leased_ns", holding.since.ns},
                       {"recorded_ns", 0},
                       {"settled_ns", 0},
                       {"pay_micro", 0}};
    for (const TaskRange tasks : holding.tasks)
      out.each(tasks.first, tasks.count, [&](TaskRows::Task& task, std::size_t) {
        if (task.state == std::string_view("queued") || task.state == std::string_view("recomputing"))
          task.state = holding.late ? "late" : "running";
        task.attempts.push_back(attempt);
      });
  }
}

Result<void> Api::read_tasks(StepRef step, TaskRows& rows) {
  {
    const OneEvent one(*this, [&](const core::Durable& state) { rows.take_open(state, step); });
    if (!one.begun()) return one.begun();
    if (Result<void> done = read_results(step, rows); !done) return done;
    if (Result<void> done = read_verdicts(step, rows); !done) return done;
  }
  rows.conclude();
  read_running(step, rows);
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
    const bool like_last =
        !list.empty() && list.back()["state"] == task.state && list.back()["attempts"] == Json(task.attempts);
    if (like_last) {
      list.back()["count"] = list.back()["count"].get<std::uint64_t>() + 1;
      continue;
    }
    list.push_back({{"step", step.step},
                    {"first", rows.first + i},
                    {"count", 1},
                    {"state", task.state},
                    {"attempts", Json(std::move(task.attempts))}});
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

Result<Json> Api::attempt_spans(JobId id, const std::set<std::uint64_t>& awaited) {
  const Result<std::map<std::uint64_t, std::string>> outcome = outcomes(id);
  if (!outcome) return outcome.error();
  Statement rows = database_.must_prepare(
      "SELECT attempt, agent, owner, step, first, count, replica, started_ns, at_ns, 0 FROM results"
      " WHERE job=?1 UNION ALL SELECT attempt, agent, owner, step, first, count, 0, at_ns, at_ns, 1"
      " FROM failures WHERE job=?1 ORDER BY 8 LIMIT ?2");
  rows.bind(id.value(), kMostSpans);
  Json spans = Json::array();
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return spans;
    const auto known = outcome->find(rows.number(0));
    const std::string unjudged = awaited.contains(rows.number(0)) ? "pending" : "late";
    std::string became = known == outcome->end() ? unjudged : known->second;
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

Result<Json> Api::referee_spans(JobId id) {
  Statement rows = database_.must_prepare(
      "SELECT referee, step, task, leaf, referee_attempt, chosen_ns, decided_ns, wrong FROM disputes"
      " WHERE job=?1 AND decided_ns IS NOT NULL ORDER BY decided_ns LIMIT ?2");
  rows.bind(id.value(), kMostSpans);
  Json spans = Json::array();
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return spans;
    spans.push_back({{"agent", rows.number(0)},
                     {"agent_name", agent_name(rows.number(0))},
                     {"step", rows.number(1)},
                     {"task", rows.number(2)},
                     {"leaf", rows.number(3)},
                     {"attempt", rows.number(4)},
                     {"start_ns", rows.integer(5)},
                     {"end_ns", rows.integer(6)},
                     {"wrong", rows.number(7)}});
  }
}

Result<Json> Api::timeline(const Request& request) {
  const JobId id(request.number("job", 0, UINT64_MAX));
  if (const Result<JobRow> row = job_row(request, id); !row) return row.error();
  std::set<std::uint64_t> awaited;
  const OneEvent one(*this, [&](const core::Durable& state) {
    const core::Job* job = state.find_job(id);
    if (job == nullptr) return;
    for (const core::StepState& step : job->steps)
      for (const auto& [task, open] : step.open)
        for (const core::Recorded& recorded : open.attempts)
          awaited.insert(recorded.attempt.value());
  });
  if (!one.begun()) return one.begun().error();
  Result<Json> spans = attempt_spans(id, awaited);
  if (!spans) return spans;
  Result<Json> referees = referee_spans(id);
  if (!referees) return referees;
  return Json{{"spans", std::move(*spans)}, {"referee_spans", std::move(*referees)}};
}

}  // namespace reeve::shell
