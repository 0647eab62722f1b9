#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "scheduler/core/rooms.h"

namespace reeve::core {

/// What an agent must know of a step to run its tasks.
msg::StepInfo info_of(StepRef step, const StepSpec& spec);

/// What one round of dispatch gives: assignments, gathered into one message an agent.
class Round {
 public:
  explicit Round(Region& region) : region_(region) {}

  void give(AgentId agent, StepRef step, TaskRange tasks, std::uint32_t replica);
  /// Starts a task on every slot of `place` at once.
  void give_gang(const GangPlace& place, StepRef step, TaskIndex task, std::uint32_t replica);
  void send_all();

  /// Agents that could run tasks of this need and have credit, ascending; computed once a round.
  const std::vector<AgentId>& candidates(NeedId need, Role role);
  /// Tasks of this step that the agent would take now.
  std::uint64_t room(AgentId id, const StepQueue& queue) const;

 private:
  struct Box {
    msg::Assign assign;
    std::set<StepRef> steps;
    std::size_t list_bytes = 0;  // of members and inputs in its assignments
  };
  msg::Assignment assignment(AttemptId attempt, AgentId agent, StepRef step, TaskRange tasks,
                             std::uint32_t replica);
  void put(AgentId agent, StepRef step, msg::Assignment assignment);
  bool usable(AgentId id, const AgentSession& agent) const;
  void send(AgentId agent, Box& box);

  Region& region_;
  std::map<AgentId, Box> boxes_;
  std::map<std::pair<NeedId, Role>, std::vector<AgentId>> candidates_;
};

}  // namespace reeve::core
