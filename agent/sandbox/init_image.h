#pragma once

#include "protocol/bytes.h"

namespace reeve::agent::sandbox {

/// The program that is the first process of every sandbox (agent/sandbox/init), as a file of its own: it
/// needs nothing of the host's or of an image's.
ByteView init_image();

}  // namespace reeve::agent::sandbox
