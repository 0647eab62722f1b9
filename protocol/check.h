#pragma once

#include <cstdio>
#include <cstdlib>

namespace reeve {

/// Ends the process: a broken rule of our own has no safe sequel. `rule` names what was broken.
[[noreturn]] inline void check_failed(const char* rule, const char* file, int line) {
  std::fprintf(stderr, "reeve: broken invariant: %s (%s:%d)\n", rule, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace reeve

/// Always on, in production too. For bugs only: bad input is refused with a Result or a Refusal.
#define REEVE_CHECK(condition, rule)                                   \
  do {                                                                 \
    if (!(condition)) ::reeve::check_failed(rule, __FILE__, __LINE__); \
  } while (false)
