#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// One task may fail anywhere, and two by chance.
constexpr std::uint32_t kFailuresInARow = 3;
/// Jobs times agents that are remembered; a flood of failures costs no more memory.
constexpr std::size_t kRemembered = 100'000;

}  // namespace

void note_failure(Region& region, JobId job, AgentId agent) {
  auto& failed_on = region.live.failed_on;
  if (failed_on.size() >= kRemembered) failed_on.clear();
  ++failed_on[{job, agent}];
}

void note_success(Region& region, JobId job, AgentId agent) {
  if (!region.live.failed_on.empty()) region.live.failed_on.erase({job, agent});
}

bool is_blocked(const Region& region, JobId job, AgentId agent) {
  const auto found = region.live.failed_on.find({job, agent});
  return found != region.live.failed_on.end() && found->second >= kFailuresInARow;
}

bool blocks_agents(const Region& region, JobId job) {
  const auto first = region.live.failed_on.lower_bound({job, AgentId()});
  return first != region.live.failed_on.end() && first->first.first == job;
}

void clear_blocklist(Region& region, JobId job) {
  auto& failed_on = region.live.failed_on;
  failed_on.erase(failed_on.lower_bound({job, AgentId()}),
                  failed_on.lower_bound({JobId(job.value() + 1), AgentId()}));
}

}  // namespace reeve::core
