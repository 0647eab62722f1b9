#pragma once

#include <optional>

#include "protocol/bytes.h"

namespace reeve::adversary {

/// The same bundle with every PNG in it darker by a quarter; nothing where it holds none that can be read.
std::optional<Bytes> darken_pictures(ByteView bundle);

}  // namespace reeve::adversary
