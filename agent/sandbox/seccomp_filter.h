#pragma once

#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::agent::sandbox {

/// A program for the kernel's system call filter: it refuses what no task needs and an escape does. Errors:
/// kIo.
Result<Bytes> make_seccomp_filter();

}  // namespace reeve::agent::sandbox
