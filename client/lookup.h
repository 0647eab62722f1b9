#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/connection.h"

/// What people write for jobs, agents and parties, as the ids that the region knows.
namespace reeve::client {

/// Job ids of a selector. `open_only`: `all` means the jobs that have not ended.
Result<std::vector<std::uint64_t>> find_jobs(Connection& connection, const std::string& selector,
                                             bool open_only);
/// Exactly one job. kInvalid: the selector names several.
Result<std::uint64_t> find_job(Connection& connection, const std::string& selector);

/// Agent ids of a selector, or of one agent's name.
Result<std::vector<std::uint64_t>> find_agents(Connection& connection, const std::string& selector);

/// A party's id, or the id of the one party with this name.
Result<std::uint64_t> find_party(Connection& connection, const std::string& text);

/// True for the states that a job does not leave: succeeded, failed, cancelled.
bool has_ended(const std::string& job_state);

}  // namespace reeve::client
