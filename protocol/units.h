#pragma once

#include <compare>
#include <cstdint>

namespace reeve {

/// Money in micro-credits. Integers only; a sum that would not fit is a broken invariant.
using MicroCredits = std::int64_t;
constexpr MicroCredits kMicroPerCredit = 1'000'000;

/// Wall-clock time since 1970 in nanoseconds: input of the core, never read inside it.
struct Time {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Time&) const = default;
};

/// Length of time in nanoseconds.
struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
};

constexpr Duration microseconds(std::int64_t n) {
  return {n * 1'000};
}
constexpr Duration milliseconds(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000'000};
}
constexpr Duration hours(std::int64_t n) {
  return {n * 3'600'000'000'000};
}

constexpr Time operator+(Time t, Duration d) {
  return {t.ns + d.ns};
}
constexpr Time operator-(Time t, Duration d) {
  return {t.ns - d.ns};
}
constexpr Duration operator-(Time a, Time b) {
  return {a.ns - b.ns};
}

}  // namespace reeve
