#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "protocol/archive.h"
#include "protocol/jobs.h"

/// Fields of a step that its stored form gained later. Events and snapshots of earlier versions lack them, so
/// they stand behind whatever holds the steps, and only where there are any: an older journal reads on and
/// gives the same bytes.
namespace reeve::core {

/// The later numbers of one step in the order in which they came, without the zeros at the end.
using StepExtras = std::vector<std::uint64_t>;

/// The later fields themselves. A new number is appended; one that is taken out leaves its place.
inline auto later_fields(auto& spec) {
  return std::array{&spec.gang_min, &spec.gang_max, &spec.most_at_once, &spec.most_memory_mib,
                    &spec.checkpoint_mib};
}

inline StepExtras extras_of(const StepSpec& spec) {
  StepExtras extras;
  for (const std::uint32_t* field : later_fields(spec))
    extras.push_back(*field);
  while (!extras.empty() && extras.back() == 0)
    extras.pop_back();
  return extras;
}

/// False when they are of a later version than this one, or not in the form that `extras_of` gives.
inline bool set_extras(StepSpec& spec, const StepExtras& extras) {
  const auto places = later_fields(spec);
  if (extras.size() > places.size() || (!extras.empty() && extras.back() == 0)) return false;
  for (std::size_t i = 0; i < extras.size(); ++i) {
    if (!std::in_range<std::uint32_t>(extras[i])) return false;
    *places[i] = static_cast<std::uint32_t>(extras[i]);
  }
  return true;
}

/// The last field of an event that holds the steps of one job.
template <class A>
void extras_at_end(A& a, std::vector<StepSpec>& steps) {
  std::vector<StepExtras> extras;
  if constexpr (A::kReading) {
    if (a.at_end()) return;
    a(extras);
    bool fits = extras.size() == steps.size();
    for (std::size_t i = 0; fits && i < steps.size(); ++i)
      fits = set_extras(steps[i], extras[i]);
    if (!fits || std::ranges::all_of(extras, &StepExtras::empty)) a.fail();
  } else {
    for (const StepSpec& step : steps)
      extras.push_back(extras_of(step));
    if (!std::ranges::all_of(extras, &StepExtras::empty)) a(extras);
  }
}

}  // namespace reeve::core
