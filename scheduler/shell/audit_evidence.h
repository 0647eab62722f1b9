#pragma once

#include <map>
#include <set>
#include <string>

#include "scheduler/core/durable.h"

namespace reeve::shell {

/// What an audit asks of the events beyond that each fits the state: that every payment rests on what came
/// before it. The region's own state forgets these facts once they are settled.
class AuditEvidence {
 public:
  /// Why `event` does not rest on the events before it, or "". `state` is that before the event.
  std::string look(const core::Durable& state, const core::Event& event);

 private:
  std::string look_at(const core::Durable& state, const core::PartyEnrolled& e);
  std::string look_at(const core::Durable& state, const core::ResultsRecorded& e);
  std::string look_at(const core::Durable& state, const core::Settled& e);

  std::map<AttemptId, core::IntervalSet> recorded_;  // tasks with a recorded result that is not paid yet
  std::set<AttemptId> rooted_;                       // of those, attempts whose bytes must be stored first
  std::map<StepRef, core::IntervalSet> verified_;    // tasks that had a verdict
  std::map<StepRef, core::IntervalSet> stored_;      // tasks whose bytes the region holds
};

}  // namespace reeve::shell
