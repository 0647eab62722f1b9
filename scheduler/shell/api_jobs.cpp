#include <sodium.h>

#include "protocol/archive.h"
#include "protocol/jobs.h"
#include "scheduler/core/generations.h"
#include "scheduler/shell/api_rows.h"
#include "scheduler/shell/clock.h"

/// What the API says of jobs.
namespace reeve::shell {
namespace {

constexpr std::uint64_t kMostJobs = 10'000;
constexpr const char* kJobColumns =
    "SELECT id, requester, name, state, final, reason, priority, tasks, settled, failed, submitted_ns, "
    "ended_ns, spent,"
    " verify_mode, quorum, waits_on, counts FROM jobs ";
constexpr int kCountsColumn = 16;

std::string base64(ByteView bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // its terminating zero
  return text;
}

std::int64_t state_number(std::string_view name) {
  for (int state = 0; state <= static_cast<int>(msg::JobState::kCancelled); ++state)
    if (name == job_state_name(static_cast<msg::JobState>(state))) return state;
  return -1;
}

const char* verify_name(std::int64_t mode) {
  switch (static_cast<VerifyMode>(mode)) {
    case VerifyMode::kAdaptive: return "adaptive";
    case VerifyMode::kQuorum: return "quorum";
    case VerifyMode::kNone: return "none";
  }
  return "unknown";
}

const char* comparison_name(std::int64_t verdict) {
  switch (static_cast<msg::ComparisonVerdict>(verdict)) {
    case msg::ComparisonVerdict::kSame: return "same";
    case msg::ComparisonVerdict::kDiffer: return "differ";
    case msg::ComparisonVerdict::kUndecidable: return "undecidable";
  }
  return "unknown";
}

/// How far a step has come that goes on from its own results.
Api::Json iteration_json(const core::StepState& step) {
  const Iteration& iteration = step.spec.iteration;
  const std::uint32_t generation = core::generations_done(step);
  const std::uint64_t shards = generation < iteration.generations
                                   ? core::count_tasks(step.done.overlap(iteration.shards_of(generation)))
                                   : 0;
  return {{"generations", iteration.generations},
          {"shards", iteration.shards},
          {"staleness", iteration.staleness},
          {"keep_every", iteration.keep_every},
          {"done", generation},
          {"shards_done", shards}};
}

}  // namespace

Api::Json Api::job_json(const Statement& row) {
  const std::uint64_t tasks = row.number(7);
  return {{"id", row.number(0)},
          {"name", row.text(2)},
          {"requester", row.number(1)},
          {"requester_name", party_name(row.number(1))},
          {"state", job_state_name(static_cast<msg::JobState>(row.integer(3)))},
          {"final", row.integer(4) != 0},
          {"priority", row.integer(6)},
          {"tasks", tasks},
          {"settled", row.number(8)},
          {"failed", row.number(9)},
          {"open", tasks - row.number(8) - row.number(9)},
          {"running", 0},
          {"submitted_ns", row.integer(10)},
          {"ended_ns", row.integer(11)},
          {"spent_micro", row.integer(12)},
          {"escrow_micro", 0},
          {"reason", row.text(5)}};
}

/// What only the live core knows.
void Api::add_running(Json& job, JobId id) {
  look([&](const core::Core& core) {
    job["running"] = core.running_tasks(id);
    std::size_t checkpoints = 0;
    if (const core::Job* live = core.durable().find_job(id))
      for (const core::StepState& step : live->steps)
        checkpoints += step.checkpoints.size();
    job["checkpoints"] = checkpoints;
    job["escrow_micro"] = core.durable().ledger.account({core::AccountKind::kEscrow, id.value()}).available();
  });
}

void Api::add_running_steps(Json& steps, JobId id) {
  look([&](const core::Core& core) {
    const std::map<StepRef, std::uint64_t> running = core.running_tasks();
    for (Json& step : steps) {
      const auto found = running.find({id, step["index"].get<StepIndex>()});
      if (found != running.end()) step["running"] = found->second;
      const core::StepState* state = core.durable().find_step({id, step["index"].get<StepIndex>()});
      if (state != nullptr && state->spec.iterates()) step["iteration"] = iteration_json(*state);
    }
  });
}

Result<Api::Json> Api::jobs(const Request& request) {
  const bool all = request.caller.role == Role::kOperator;
  if (!all && request.caller.role != Role::kRequester)
    return Error{ErrorCode::kNotAllowed, "jobs are their requester's to see", "ask with a requester's key"};
  const auto state = request.query.find("state");
  const std::int64_t wanted = state == request.query.end() ? -1 : state_number(state->second);
  if (state != request.query.end() && wanted < 0)
    return Error{ErrorCode::kInvalid, "state: '" + state->second + "' is none",
                 "queued, running, paused, succeeded, failed or cancelled"};
  Statement rows =
      database_.must_prepare(std::string(kJobColumns) + (all ? "WHERE ?1=?1" : "WHERE requester=?1") +
                             " AND (?2<0 OR state=?2) ORDER BY id DESC LIMIT ?3");
  rows.bind(request.caller.party.value(), wanted, request.number("limit", 100, kMostJobs));
  Json jobs = Json::array();
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) break;
    jobs.push_back(job_json(rows));
  }
  look([&](const core::Core& core) {
    std::map<JobId, std::uint64_t> running;
    for (const auto& [step, tasks] : core.running_tasks())
      running[step.job] += tasks;
    for (Json& job : jobs) {
      const JobId id(job["id"].get<std::uint64_t>());
      if (job["state"] != "running") continue;
      job["running"] = running[id];
      job["escrow_micro"] =
          core.durable().ledger.account({core::AccountKind::kEscrow, id.value()}).available();
    }
  });
  return Json{{"jobs", jobs}};
}

/// The job's row; kNotFound too where it is another requester's, who shall not learn that it exists.
Result<Api::JobRow> Api::job_row(const Request& request, JobId id) {
  Statement row = database_.must_prepare(std::string(kJobColumns) + "WHERE id=?");
  row.bind(id.value());
  const Result<bool> found = row.step();
  if (!found) return found.error();
  const bool mine =
      *found && (request.caller.role == Role::kOperator ||
                 (request.caller.role == Role::kRequester && row.number(1) == request.caller.party.value()));
  if (!mine)
    return Error{ErrorCode::kNotFound, "job " + std::to_string(id.value()) + " does not exist",
                 "`reeve job list` shows your jobs"};
  JobRow result{PartyId(row.number(1)), job_json(row), {}};
  result.json["verify"] = {{"mode", verify_name(row.integer(13))}, {"quorum", row.number(14)}};
  std::vector<JobId> after;
  from_archive(row.blob(15), after);
  result.json["after"] = Json::array();
  for (const JobId job : after)
    result.json["after"].push_back(job.value());
  const ByteView counts = row.blob(kCountsColumn);
  result.counts.assign(counts.begin(), counts.end());
  return result;
}

Result<Api::Json> Api::steps_json(JobId id, const Bytes& packed) {
  std::vector<StepCounts> counts;
  from_archive(packed, counts);
  Statement rows = database_.must_prepare("SELECT step, spec FROM steps WHERE job=? ORDER BY step");
  rows.bind(id.value());
  Json steps = Json::array();
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return steps;
    StepSpec spec;
    from_archive(rows.blob(1), spec);
    const std::uint64_t index = rows.number(0);
    const StepCounts count = index < counts.size() ? counts[index] : StepCounts{};
    Json inputs = Json::array();
    for (const Digest& input : spec.inputs)
      inputs.push_back(to_hex(input.bytes));
    steps.push_back({{"index", index},
                     {"name", spec.name},
                     {"kernel", spec.need.kernel.name},
                     {"contract", spec.need.kernel.contract},
                     {"tasks", spec.task_count},
                     {"settled", count.settled},
                     {"failed", count.failed},
                     {"open", spec.task_count - count.settled - count.failed},
                     {"running", 0},
                     {"depends_on", spec.depends_on},
                     {"leaf_bytes", spec.leaf_bytes},
                     {"compare", spec.compare},
                     {"script", base64(spec.script)},
                     {"inputs", inputs}});
  }
}

/// What failed for good and why, the first of it; and the attempts that failed last, whatever became of their
/// tasks.
Result<void> Api::add_failures(Json& job, JobId id) {
  const auto add = [&](const char* key, const char* sql) -> Result<void> {
    job[key] = Json::array();
    Statement rows = database_.must_prepare(sql);
    rows.bind(id.value());
    for (;;) {
      const Result<bool> row = rows.step();
      if (!row) return row.error();
      if (!*row) return {};
      job[key].push_back({{"step", rows.number(0)},
                          {"first", rows.number(1)},
                          {"count", rows.number(2)},
                          {"why", std::string(rows.text(3))}});
    }
  };
  if (Result<void> done =
          add("failures", "SELECT step, first, count, why FROM failed WHERE job=? ORDER BY seq LIMIT 10");
      !done)
    return done;
  return add("failed_attempts",
             "SELECT step, first, count, message FROM failures WHERE job=? ORDER BY seq DESC LIMIT 3");
}

/// How often results were found alike; of those that were not, the last ones, and by how much.
Result<void> Api::add_comparisons(Json& job, JobId id) {
  Json& out =
      job["comparisons"] = {{"same", 0}, {"differ", 0}, {"undecidable", 0}, {"unlike", Json::array()}};
  Statement counts =
      database_.must_prepare("SELECT verdict, count(*) FROM comparisons WHERE job=? GROUP BY verdict");
  counts.bind(id.value());
  for (;;) {
    const Result<bool> row = counts.step();
    if (!row) return row.error();
    if (!*row) break;
    out[comparison_name(counts.integer(0))] = counts.number(1);
  }
  Statement unlike = database_.must_prepare(
      "SELECT step, task, owner_a, owner_b, verdict, why, referee, at_ns FROM comparisons"
      " WHERE job=? AND verdict>0 ORDER BY seq DESC LIMIT 10");
  unlike.bind(id.value());
  for (;;) {
    const Result<bool> row = unlike.step();
    if (!row) return row.error();
    if (!*row) return {};
    out["unlike"].push_back({{"step", unlike.number(0)},
                             {"task", unlike.number(1)},
                             {"owners", {party_name(unlike.number(2)), party_name(unlike.number(3))}},
                             {"verdict", comparison_name(unlike.integer(4))},
                             {"why", std::string(unlike.text(5))},
                             {"referee", agent_name(unlike.number(6))},
                             {"at_ns", unlike.integer(7)}});
  }
}

Result<Api::Json> Api::job(const Request& request, JobId id) {
  Result<JobRow> row = job_row(request, id);
  if (!row) return row.error();
  Json& job = row->json;
  add_running(job, id);
  Result<Json> steps = steps_json(id, row->counts);
  if (!steps) return steps.error();
  add_running_steps(*steps, id);
  job["steps"] = std::move(*steps);
  if (Result<void> failures = add_failures(job, id); !failures) return failures.error();
  if (Result<void> comparisons = add_comparisons(job, id); !comparisons) return comparisons.error();
  const std::int64_t begun_ns = job["submitted_ns"].get<std::int64_t>();
  const std::uint64_t settled = job["settled"].get<std::uint64_t>();
  const std::uint64_t open = job["open"].get<std::uint64_t>();
  const std::int64_t now_ns = wall_now().ns;
  job["expected_end_ns"] = nullptr;
  if (settled > 0 && open > 0 && job["state"] == "running")
    job["expected_end_ns"] =
        now_ns + static_cast<std::int64_t>(static_cast<double>(now_ns - begun_ns) *
                                           static_cast<double>(open) / static_cast<double>(settled));
  return Json{{"job", job}};
}

Result<Api::Json> Api::explain(const Request& request, JobId id) {
  const Result<JobRow> row = job_row(request, id);
  if (!row) return row.error();
  std::vector<core::Explanation> reasons;
  if (!look([&](const core::Core& core) { reasons = core.explain(id); }))
    return Error{ErrorCode::kUnreachable, "the region is stopping", ""};
  Json list = Json::array();
  for (const core::Explanation& reason : reasons) {
    Json entry{{"step", reason.step}, {"task", nullptr}, {"reason", reason.reason}, {"hint", reason.hint}};
    if (reason.task) entry["task"] = *reason.task;
    list.push_back(std::move(entry));
  }
  return Json{{"explain", list}};
}

}  // namespace reeve::shell
