#pragma once

#include <optional>
#include <string>

#include "client/output.h"
#include "openjd/job.h"
#include "protocol/units.h"

namespace reeve::client {

/// What a region says that a job costs.
struct Quote {
  std::string region;
  MicroCredits likely = 0;
  MicroCredits most = 0;
};

/// What a job would run: its parameters, its steps in the order in which they can run, each with its tasks,
/// needs and environments, and the files and folders that its parameters name; and what it costs, where a
/// region was there to ask.
View summary_view(const openjd::Job& job, const std::optional<Quote>& quote, const Style& style);

}  // namespace reeve::client
