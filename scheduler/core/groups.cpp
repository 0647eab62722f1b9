#include "scheduler/core/groups.h"

#include <algorithm>

#include "protocol/comparison.h"

namespace reeve::core {
namespace {

/// The groups that there are, in the order of their first results.
std::vector<AttemptId> groups_in(const OpenTask& open) {
  std::vector<AttemptId> groups;
  for (const Recorded& r : open.attempts)
    if (r.group.valid() && std::find(groups.begin(), groups.end(), r.group) == groups.end())
      groups.push_back(r.group);
  return groups;
}

/// The first group that this result was not compared with.
std::optional<AttemptId> uncompared(const OpenTask& open, const Recorded& r) {
  for (const AttemptId group : groups_in(open))
    if (!open.unlike.contains({r.attempt, group})) return group;
  return std::nullopt;
}

const Recorded& first_of(const OpenTask& open, AttemptId group) {
  return *std::find_if(open.attempts.begin(), open.attempts.end(),
                       [group](const Recorded& r) { return r.group == group; });
}

}  // namespace

bool stays_with_agent(const StepSpec& spec) {
  return is_compared(spec) || spec.iterates();
}

bool is_compared(const StepSpec& spec) {
  return is_program(spec.need.kernel) && !is_exact(spec.compare);
}

void sort_groups(OpenTask& open, bool compared) {
  std::erase_if(open.unlike,
                [&open](const auto& pair) { return find_recorded(open, pair.first) == nullptr; });
  for (Recorded& r : open.attempts) {
    if (r.group.valid()) continue;
    const auto twin = std::find_if(open.attempts.begin(), open.attempts.end(), [&r](const Recorded& other) {
      return other.group.valid() && other.root == r.root;
    });
    if (twin != open.attempts.end()) {
      r.group = twin->group;
      r.blob = twin->blob;
    } else if (!compared || !uncompared(open, r)) {
      r.group = r.attempt;
    }
  }
}

void apply_verdict(OpenTask& open, AttemptId a, AttemptId b, msg::ComparisonVerdict verdict) {
  const Recorded* first = find_recorded(open, a);
  const Recorded* later = find_recorded(open, b);
  if (first == nullptr || later == nullptr) return;
  const AttemptId group = first->group;
  const Digest root = later->root;
  for (Recorded& r : open.attempts)
    if (r.root == root && !r.group.valid()) {
      if (verdict == msg::ComparisonVerdict::kSame)
        r.group = group;
      else
        open.unlike.insert({r.attempt, group});
    }
  sort_groups(open, true);
}

std::optional<Pair> next_comparison(const OpenTask& open) {
  for (const Recorded& r : open.attempts) {
    if (r.group.valid()) continue;
    if (const auto group = uncompared(open, r)) return Pair{first_of(open, *group).attempt, r.attempt};
  }
  return std::nullopt;
}

const Recorded* find_recorded(const OpenTask& open, AttemptId attempt) {
  const auto found = std::find_if(open.attempts.begin(), open.attempts.end(),
                                  [attempt](const Recorded& r) { return r.attempt == attempt; });
  return found == open.attempts.end() ? nullptr : &*found;
}

std::vector<Recorded> group_members(const OpenTask& open, AttemptId group) {
  std::vector<Recorded> members;
  for (const Recorded& r : open.attempts)
    if (r.group == group) members.push_back(r);
  return members;
}

std::vector<Recorded> group_of_root(const OpenTask& open, const Digest& root) {
  const auto found = std::find_if(open.attempts.begin(), open.attempts.end(),
                                  [&root](const Recorded& r) { return r.root == root; });
  if (found == open.attempts.end()) return {};
  return group_members(open, found->group);
}

std::uint32_t most_votes(const OpenTask& open) {
  std::size_t most = 0;
  for (const AttemptId group : groups_in(open))
    most = std::max(most, group_members(open, group).size());
  return static_cast<std::uint32_t>(most);
}

}  // namespace reeve::core
