#pragma once

#include <nlohmann/json.hpp>

#include "scheduler/shell/api.h"

namespace reeve::shell {

/// A job as the view has it.
struct Api::JobRow {
  PartyId requester;
  Json json;     // what the API says of it, without its steps
  Bytes counts;  // archived StepCounts, one a step
};

}  // namespace reeve::shell
