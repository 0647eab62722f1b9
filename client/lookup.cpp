#include "client/lookup.h"

#include <algorithm>

#include "client/json_fields.h"
#include "client/quantities.h"
#include "client/selectors.h"

namespace reeve::client {
namespace {

bool looks_like_ids(const std::string& text) {
  return !text.empty() &&
         (text == "all" || text == "last" || text.find_first_not_of("0123456789,-") == std::string::npos);
}

/// Ids of the rows of `list` whose name is `name`.
std::vector<std::uint64_t> named(const nlohmann::json& list, const std::string& name) {
  std::vector<std::uint64_t> ids;
  for (const auto& row : list) {
    if (text_of(row, "name") == name) ids.push_back(number_of(row, "id"));
  }
  return ids;
}

Error not_one(const char* what, const std::string& name, std::size_t found) {
  if (found == 0)
    return {ErrorCode::kNotFound, std::string("no ") + what + " is called '" + name + "'",
            "name it by its id"};
  return {ErrorCode::kInvalid, std::to_string(found) + " of them are called '" + name + "'",
          "name it by its id"};
}

}  // namespace

bool has_ended(const std::string& job_state) {
  return job_state == "succeeded" || job_state == "failed" || job_state == "cancelled";
}

Result<std::vector<std::uint64_t>> find_jobs(Connection& connection, const std::string& selector,
                                             bool open_only) {
  auto parsed = parse_selector(selector);
  if (!parsed) return parsed.error();
  std::vector<std::uint64_t> known;
  if (parsed->kind != Selector::Kind::kIds) {
    auto answer = connection.query("/api/v1/jobs?limit=" + std::to_string(kSelectedMost));
    if (!answer) return answer.error();
    for (const auto& job : list_of(*answer, "jobs")) {
      const bool skip = open_only && parsed->kind == Selector::Kind::kAll && has_ended(text_of(job, "state"));
      if (!skip) known.push_back(number_of(job, "id"));
    }
  }
  return select_ids(*parsed, known);
}

Result<std::uint64_t> find_job(Connection& connection, const std::string& selector) {
  auto ids = find_jobs(connection, selector, false);
  if (!ids) return ids.error();
  if (ids->size() == 1) return ids->front();
  return Error{ErrorCode::kInvalid, "'" + selector + "' names " + std::to_string(ids->size()) + " jobs",
               "name one"};
}

Result<std::vector<std::uint64_t>> find_agents(Connection& connection, const std::string& selector) {
  const bool ids = looks_like_ids(selector);
  if (ids && selector != "all" && selector != "last") {
    auto parsed = parse_selector(selector);
    if (!parsed) return parsed.error();
    return select_ids(*parsed, {});
  }
  auto answer = connection.query("/api/v1/agents");
  if (!answer) return answer.error();
  const auto& agents = list_of(*answer, "agents");
  std::vector<std::uint64_t> found;
  if (!ids) {
    found = named(agents, selector);
    if (found.size() != 1) return not_one("agent", selector, found.size());
    return found;
  }
  for (const auto& agent : agents)
    found.push_back(number_of(agent, "id"));
  if (selector == "last" && !found.empty()) found = {*std::max_element(found.begin(), found.end())};
  return found;
}

Result<std::uint64_t> find_party(Connection& connection, const std::string& text) {
  if (auto id = parse_number(text, INT64_MAX, "party")) return *id;
  auto answer = connection.query("/api/v1/parties");
  if (!answer) return answer.error();
  const auto found = named(list_of(*answer, "parties"), text);
  if (found.size() != 1) return not_one("party", text, found.size());
  return found.front();
}

}  // namespace reeve::client
