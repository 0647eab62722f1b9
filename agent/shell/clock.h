#pragma once

#include <chrono>

#include "protocol/units.h"

namespace reeve::agent {

/// Time that starts at the wall clock and from then on only passes: a clock that is set back ends no lease.
class Clock {
 public:
  Time now() const {
    using namespace std::chrono;
    return start_ + Duration{duration_cast<nanoseconds>(steady_clock::now() - began_).count()};
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Time start_{std::chrono::duration_cast<std::chrono::nanoseconds>(
                  std::chrono::system_clock::now().time_since_epoch())
                  .count()};
};

}  // namespace reeve::agent
