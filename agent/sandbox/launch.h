#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "agent/sandbox/sandbox.h"
#include "protocol/bundle_files.h"

namespace reeve::agent::sandbox {

/// bubblewrap, begun. Each descriptor of ours reads without waiting.
struct Launched {
  pid_t pid = -1;
  Descriptor process;  // readable once it has ended
  Descriptor output;
  Descriptor errors;
  Descriptor status;
};

/// Starts bubblewrap, with bounds set and in the groups whose doors are given. Errors: kIo.
Result<Launched> launch(const std::string& bwrap, const Command& command, const Bounds& bounds,
                        ByteView filter, const std::vector<std::string>& doors);

}  // namespace reeve::agent::sandbox
