#include "client/selectors.h"

#include <limits>
#include <set>
#include <string>

#include "client/quantities.h"

namespace reeve::client {
namespace {

Error bad_selector(std::string_view text) {
  return {ErrorCode::kInvalid, "'" + std::string(text) + "' selects nothing",
          "write an id (5), a list (1,3,5-8), 'all' or 'last'"};
}

Result<std::pair<std::uint64_t, std::uint64_t>> parse_range(std::string_view part) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::size_t dash = part.find('-');
  const auto first = parse_number(part.substr(0, dash), kMost, "id");
  const auto last = dash == std::string_view::npos ? first : parse_number(part.substr(dash + 1), kMost, "id");
  if (!first || !last || *first == 0 || *last < *first) return bad_selector(part);
  return std::pair{*first, *last};
}

}  // namespace

Result<Selector> parse_selector(std::string_view text) {
  Selector selector;
  if (text == "all") {
    selector.kind = Selector::Kind::kAll;
    return selector;
  }
  if (text == "last") {
    selector.kind = Selector::Kind::kLast;
    return selector;
  }
  std::uint64_t total = 0;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto range = parse_range(text.substr(0, comma));
    if (!range) return range.error();
    if (range->second - range->first >= kSelectedMost - total) {
      return Error{ErrorCode::kInvalid, "more than " + std::to_string(kSelectedMost) + " ids are selected",
                   "select fewer, or 'all'"};
    }
    total += range->second - range->first + 1;
    selector.ranges.push_back(*range);
    if (comma == std::string_view::npos) return selector;
    text.remove_prefix(comma + 1);
  }
}

Result<std::vector<std::uint64_t>> select_ids(const Selector& selector,
                                              const std::vector<std::uint64_t>& known) {
  if (selector.kind == Selector::Kind::kAll) return known;
  if (selector.kind == Selector::Kind::kLast) {
    if (known.empty())
      return Error{ErrorCode::kNotFound, "there is nothing yet that 'last' could mean", "name an id"};
    return std::vector<std::uint64_t>{known.front()};
  }
  std::vector<std::uint64_t> ids;
  std::set<std::uint64_t> seen;
  for (const auto& [first, last] : selector.ranges) {
    for (std::uint64_t id = first; id <= last; ++id) {
      if (seen.insert(id).second) ids.push_back(id);
    }
  }
  return ids;
}

}  // namespace reeve::client
