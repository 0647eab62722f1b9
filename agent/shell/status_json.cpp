#include "agent/shell/status_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace reeve::agent {

std::string status_json(const AgentStatus& status, const std::string& name,
                        const std::string& why_no_programs, Time now) {
  const auto seconds_since = [now](Time then) { return then.ns == 0 ? -1 : (now - then).ns / 1'000'000'000; };
  nlohmann::ordered_json json{
      {"version", 1},
      {"name", name},
      {"connected", status.connected},
      {"region", status.region},
      {"agent", status.agent.value()},
      {"role", role_name(status.role)},
      {"heard_seconds_ago", seconds_since(status.last_heard)},
      {"last_error", status.last_error},
      {"paused", status.paused},
      {"stopping", status.stopping},
      {"slots", {{"all", status.slots}, {"up", status.slots_up}, {"busy", status.slots_busy}}},
      {"why_idle", status.why_idle},
      {"runs_programs", why_no_programs.empty()},
      {"why_no_programs", why_no_programs},
      {"tasks",
       {{"in_hand", status.tasks_in_hand},
        {"finished", status.tasks_finished},
        {"failed", status.tasks_failed},
        {"unacknowledged", status.tasks_unacked},
        {"recorded", status.tasks_recorded},
        {"accepted", status.tasks_accepted},
        {"rejected", status.tasks_rejected},
        {"pending", status.tasks_recorded -
                        std::min(status.tasks_recorded, status.tasks_accepted + status.tasks_rejected)}}},
      {"credits_accepted", static_cast<double>(status.accepted) / static_cast<double>(kMicroPerCredit)},
      {"spool_bytes", status.spooled_bytes},
      {"task_seconds", static_cast<double>(status.task_time.ns) / 1e9},
  };
  if (status.paused_until) json["paused_seconds_left"] = (*status.paused_until - now).ns / 1'000'000'000;
  return json.dump();
}

}  // namespace reeve::agent
