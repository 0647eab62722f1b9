#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/messages.h"
#include "scheduler/core/durable.h"

/// The recorded results of one task in groups of those that are alike. Pure; the applier and the rooms share
/// it.
///
/// Equal roots are alike without a look. Where the step names a comparator, a referee says of another root
/// whether it is like a group's first result; it joins the first group that it is like. Tolerances are not
/// transitive (a like b, b like c, a unlike c), so a group is what is like its *first* result and nothing
/// more.
namespace reeve::core {

/// True where results of a step's tasks may be alike although their bytes differ: a referee compares them,
/// and all of them stay with their agents until they are asked for.
bool is_compared(const StepSpec& spec);

/// True where no result travels in a report, however small: it is compared, or tasks to come go on from it.
bool stays_with_agent(const StepSpec& spec);

/// Gives a group to every result whose group follows from what is known: the first result founds one, equal
/// roots join, and a result that is unlike every group there is founds its own.
void sort_groups(OpenTask& open, bool compared);
/// As sort_groups(), with what a referee found of `b`'s result beside the first of `a`'s group.
void apply_verdict(OpenTask& open, AttemptId a, AttemptId b, msg::ComparisonVerdict verdict);

/// The next two to compare: a group's first result, and one whose group is not known.
struct Pair {
  AttemptId a;
  AttemptId b;
};
std::optional<Pair> next_comparison(const OpenTask& open);

const Recorded* find_recorded(const OpenTask& open, AttemptId attempt);
/// Results of the group, first the one that stands for all.
std::vector<Recorded> group_members(const OpenTask& open, AttemptId group);
/// Results of the group that one with this root stands for; all that have this root where it is in no group.
std::vector<Recorded> group_of_root(const OpenTask& open, const Digest& root);
/// Size of the largest group.
std::uint32_t most_votes(const OpenTask& open);

}  // namespace reeve::core
