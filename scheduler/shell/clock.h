#pragma once

#include <chrono>

#include "protocol/units.h"

namespace reeve::shell {

/// Wall-clock time: what the core is told.
inline Time wall_now() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

/// For measuring only.
inline std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace reeve::shell
