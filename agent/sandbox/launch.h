#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "agent/sandbox/sandbox.h"
#include "protocol/bundle_files.h"

namespace reeve::agent::sandbox {

/// bubblewrap, begun, which becomes the first process of a cell. Each descriptor of ours reads without
/// waiting.
struct Launched {
  pid_t pid = -1;
  Descriptor process;  // readable once it has ended
  Descriptor errors;   // its own words
  Descriptor status;
  Descriptor control;  // to its first process; init/protocol.h
};

/// A pipe, whose end of ours reads without waiting.
struct Pipe {
  Descriptor ours;
  Descriptor theirs;
  static Pipe make();
  Pipe moved_up() &&;  // to where no child's own descriptors are
  bool good() const { return ours.valid() && theirs.valid(); }
};

/// A file in memory with these bytes; invalid where there is no memory for it.
Descriptor memory_file(ByteView bytes);

/// Starts bubblewrap, with bounds set and in the groups whose doors are given. Errors: kIo.
Result<Launched> launch(const std::string& bwrap, const Place& place, const Bounds& bounds, ByteView filter,
                        const std::vector<std::string>& doors);

}  // namespace reeve::agent::sandbox
