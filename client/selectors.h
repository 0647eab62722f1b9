#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/result.h"

namespace reeve::client {

/// Which jobs (or agents) a verb means: `5`, `1,3,5-8`, `all`, `last`.
struct Selector {
  enum class Kind { kIds, kAll, kLast };
  Kind kind = Kind::kIds;
  /// [first, last], both included; in the order written.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
};

/// Ids start at 1. At most kSelectedMost ids.
Result<Selector> parse_selector(std::string_view text);

inline constexpr std::uint64_t kSelectedMost = 10'000;

/// The ids that a selector names, each once, in order. `known` are the ids that exist, newest first: `all` is
/// every one of them, `last` the first. Ids that are written out are not looked up: the region says whether
/// they exist.
Result<std::vector<std::uint64_t>> select_ids(const Selector& selector,
                                              const std::vector<std::uint64_t>& known);

}  // namespace reeve::client
