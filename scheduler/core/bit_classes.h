#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "scheduler/core/region.h"

/// Hosts of one bit class give the same bits from the same program. Where results of a program must be equal,
/// the owners that are to agree on one are of one class: honest ones would outvote each other otherwise.
namespace reeve::core {

/// True where results of the step's tasks must be equal, and a program makes them.
bool keeps_bit_class(const StepSpec& spec);
/// True where that holds of first attempts too, because each will have a second one.
bool starts_in_class(const Job& job, const StepSpec& spec);
/// What the agent said last; empty: nothing.
std::string bit_class_of(const Region& region, AgentId agent);

/// Which classes have owners for a need. Good for one round: nobody comes or goes meanwhile.
class BitClasses {
 public:
  explicit BitClasses(const Region& region) : region_(region) {}

  /// The class that the next copy of a task with results is to be of: that of a result that can still find
  /// its quorum; else one with owners enough for a quorum of its own, so that nobody stalls a task by a class
  /// that no one shares; else that of the first result, and the task waits. Absent: any.
  std::optional<std::string> of_next_copy(StepRef step, NeedId need, const OpenTask& open);
  /// Classes with owners enough for a quorum. Absent: any, also where no class has so many.
  std::optional<std::set<std::string>> of_first_copy(StepRef step, NeedId need);

 private:
  using Owners = std::map<std::string, std::set<PartyId>>;
  const Owners& owners(const TaskNeed& need, NeedId id);

  const Region& region_;
  std::map<NeedId, Owners> owners_;
};

}  // namespace reeve::core
