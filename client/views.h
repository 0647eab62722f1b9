#pragma once

#include <nlohmann/json.hpp>

#include "client/output.h"

/// The region's JSON as people read it: pure functions from an answer to a View.
namespace reeve::client {

View region_view(const Json& answer, const Style& style);
View jobs_view(const Json& answer, const Style& style);
/// Which tasks failed and why, a line each (what programs wrote may add lines); "" where none did.
std::string failure_lines(const Json& job);
View job_view(const Json& answer, const Style& style);
View tasks_view(const Json& answer, const Style& style);
View explain_view(const Json& answer, const Style& style);

View agents_view(const Json& answer, const Style& style);
View agent_view(const Json& answer, const Style& style);

View balance_view(const Json& answer, const Style& style);
View history_view(const Json& answer, const Style& style);
View verify_view(const Json& answer, const Style& style);

/// The colour of a state's name, of jobs and of tasks.
Tone state_tone(const std::string& state);

}  // namespace reeve::client
