#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace reeve::fuzz {

/// The largest input that mutation makes; above it the tail is cut off.
inline constexpr std::size_t kMaxInputBytes = 64 * 1024;

/// One input of a replay: seeds[i % count] itself for the first round, then one to eight random edits of it:
/// bits flipped, bytes set to values at the edges, ranges removed, doubled or taken from another seed, the
/// end cut off. The same seeds and index give the same bytes.
std::string replay_input(const std::vector<std::string>& seeds, std::uint64_t index);

/// One random edit of an input in place.
void edit_once(std::string& input, const std::vector<std::string>& seeds, std::mt19937_64& random);

}  // namespace reeve::fuzz
