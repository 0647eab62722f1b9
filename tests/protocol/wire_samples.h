#pragma once

#include <vector>

#include "protocol/messages.h"

namespace reeve::wire_samples {

/// One or more of every message, every field set to a value of its own and every alternative taken.
std::vector<msg::Message> all();

JobSpec job();
msg::Report report();

}  // namespace reeve::wire_samples
