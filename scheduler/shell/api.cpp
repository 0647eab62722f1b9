#include "scheduler/shell/api_rows.h"

#include <algorithm>
#include <charconv>

#include "protocol/keys.h"
#include "scheduler/shell/clock.h"

namespace reeve::shell {
namespace {

constexpr std::string_view kRoot = "/api/v1/";

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kNotAllowed: return 403;
    case ErrorCode::kInvalid: return 400;
    case ErrorCode::kConflict: return 409;
    case ErrorCode::kExhausted: return 429;
    default: return 503;
  }
}

bool to_number(std::string_view text, std::uint64_t& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

Error no_such_path() {
  return {ErrorCode::kNotFound, "no such path", "see docs/formats/api.md"};
}

Error stopping() {
  return {ErrorCode::kUnreachable, "the region is stopping", "ask again once it runs"};
}

}  // namespace

const char* job_state_name(msg::JobState state) {
  switch (state) {
    case msg::JobState::kQueued: return "queued";
    case msg::JobState::kRunning: return "running";
    case msg::JobState::kPaused: return "paused";
    case msg::JobState::kSucceeded: return "succeeded";
    case msg::JobState::kFailed: return "failed";
    case msg::JobState::kCancelled: return "cancelled";
  }
  return "unknown";
}

Result<std::unique_ptr<Api>> Api::open(Sources sources) {
  Result<Database> database = Database::open(sources.view_path, Database::Mode::kReadOnly);
  if (!database) return database.error();
  Result<Database> logs = Database::open(sources.logs_path, Database::Mode::kReadOnly);
  if (!logs) return logs.error();
  return std::unique_ptr<Api>(new Api(std::move(sources), std::move(*database), std::move(*logs)));
}

std::uint64_t Api::Request::number(const char* name, std::uint64_t otherwise, std::uint64_t most) const {
  const auto found = query.find(name);
  std::uint64_t value = 0;
  if (found == query.end() || !to_number(found->second, value)) return otherwise;
  return std::min(value, most);
}

Result<Api::Request> Api::parse(const Caller& caller, std::string_view path) {
  Request request{caller, {}, {}};
  if (!path.starts_with(kRoot)) return no_such_path();
  path.remove_prefix(kRoot.size());
  const std::size_t mark = path.find('?');
  std::string_view query = mark == std::string_view::npos ? "" : path.substr(mark + 1);
  path = path.substr(0, mark);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    request.segments.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
  }
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos)
      request.query[std::string(pair.substr(0, equals))] = std::string(pair.substr(equals + 1));
    query = end == std::string_view::npos ? "" : query.substr(end + 1);
  }
  return request;
}

Result<Api::Json> Api::route_job(const Request& request) {
  std::uint64_t id = 0;
  if (!to_number(request.segments[1], id)) return no_such_path();
  if (request.segments.size() == 2) return job(request, JobId(id));
  if (request.segments.size() != 3) return no_such_path();
  if (request.segments[2] == "tasks") return tasks(request, JobId(id));
  if (request.segments[2] == "explain") return explain(request, JobId(id));
  if (request.segments[2] == "logs") return logs(request, JobId(id));
  if (request.segments[2] == "log") return log(request, JobId(id));
  return no_such_path();
}

Result<Api::Json> Api::route(const Request& request) {
  const auto is = [&](std::initializer_list<const char*> path) {
    return std::equal(request.segments.begin(), request.segments.end(), path.begin(), path.end());
  };
  if (is({"region"})) return region(request);
  if (request.caller.role == Role::kAgent || request.caller.role == Role::kReferee)
    return Error{ErrorCode::kNotAllowed, "an agent's key sees the region alone", "ask with the owner's key"};
  if (is({"jobs"})) return jobs(request);
  if (is({"agents"})) return agents(request);
  if (is({"offers"})) return offers();
  if (is({"parties"})) return parties(request);
  if (is({"convictions"})) return convictions(request);
  if (is({"timeline"})) return timeline(request);
  if (is({"ledger", "balance"})) return balance(request);
  if (is({"ledger", "history"})) return history(request);
  if (is({"ledger", "verify"})) return verify(request);
  if (request.segments.size() >= 2 && request.segments[0] == "jobs") return route_job(request);
  std::uint64_t id = 0;
  if (request.segments.size() == 2 && request.segments[0] == "agents" && to_number(request.segments[1], id))
    return agent(request, AgentId(id));
  return no_such_path();
}

std::string Api::answer(const Caller& caller, std::string_view path) {
  int ignored = 0;
  return answer(caller, path, ignored);
}

std::string Api::answer(const Caller& caller, std::string_view path, int& http_status) {
  const Result<Request> request = parse(caller, path);
  Result<Json> found = no_such_path();
  if (request) {
    found = route(*request);
  }
  Json whole{{"version", 1}};
  if (found) {
    http_status = 200;
    whole.update(*found);
  } else {
    const Error& error = found.error();
    http_status = status_of(error.code);
    whole["error"] = {
        {"code", error_code_name(error.code)}, {"message", error.message}, {"hint", error.hint}};
  }
  return whole.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Api::party_name(std::uint64_t party) {
  auto known = party_names_.find(party);
  if (known != party_names_.end()) return known->second;
  Statement row = database_.must_prepare("SELECT name FROM parties WHERE id=?");
  row.bind(party);
  const Result<bool> found = row.step();
  if (!found || !*found) return "";
  return party_names_[party] = std::string(row.text(0));
}

std::string Api::agent_name(std::uint64_t agent) {
  auto known = agent_names_.find(agent);
  if (known != agent_names_.end()) return known->second;
  Statement row = database_.must_prepare("SELECT name FROM agents WHERE id=?");
  row.bind(agent);
  const Result<bool> found = row.step();
  if (!found || !*found) return "";
  return agent_names_[agent] = std::string(row.text(0));
}

Result<Api::Json> Api::region(const Request& request) {
  Json region;
  const Time now = wall_now();
  const bool answered = look([&](const core::Core& core) {
    const core::Durable& state = core.durable();
    const std::vector<core::AgentView> agents = core.agents();
    const auto online = std::count_if(agents.begin(), agents.end(), [](const auto& a) { return a.online; });
    const auto open = std::count_if(state.jobs.begin(), state.jobs.end(),
                                    [](const auto& entry) { return entry.second.live(); });
    const core::Policy& p = state.policy;
    region = {{"name", state.name},
              {"boot_epoch", state.boot_epoch},
              {"now_ns", now.ns},
              {"server_key", sources_.server_key_hex},
              {"agents_online", online},
              {"agents_known", state.agents.size()},
              {"jobs_open", open},
              {"tasks_settled", state.settled_tasks},
              {"uptime_ns", (now - sources_.started).ns},
              {"policy",
               {{"probation_tasks", p.probation_tasks},
                {"floor_ppm", p.floor_ppm},
                {"strikes", p.strikes},
                {"vest_tasks", p.vest_tasks},
                {"vest_age_ns", p.vest_age.ns},
                {"lease_ns", p.lease.ns},
                {"agent_timeout_ns", p.agent_timeout.ns},
                {"base_price_micro", p.base_price},
                {"work_price_per_1e12", p.work_price_per_1e12},
                {"fee_bp", p.fee_bp},
                {"escrow_window_tasks", p.escrow_window_tasks},
                {"stake_target_micro", p.stake_target}}}};
    const Caller& me = request.caller;
    const auto party = state.parties.find(me.party);
    const auto agent = state.agents.find(me.agent);
    std::string name = party != state.parties.end() ? party->second.name : "";
    if (agent != state.agents.end()) name = agent->second.name;
    region["me"] = {{"role", role_name(me.role)},
                    {"party", me.party.value()},
                    {"agent", me.agent.value()},
                    {"name", name}};
  });
  if (!answered) return stopping();
  return Json{{"region", region}};
}

}  // namespace reeve::shell
