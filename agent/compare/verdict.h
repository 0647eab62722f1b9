#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What a comparator says of two results.
namespace reeve::agent::compare {

enum class Agreement : std::uint8_t {
  kSame,
  kDiffer,
  kUndecidable,  // neither result is at fault: the comparator cannot look into files like these
};

struct Verdict {
  Agreement agreement = Agreement::kSame;
  std::string why;  // one line without control characters
  bool same() const { return agreement == Agreement::kSame; }
  bool operator==(const Verdict&) const = default;
};

Verdict same(std::string why);
Verdict differ(std::string_view why);
Verdict undecidable(std::string_view why);

/// 1204 as "1,204".
std::string grouped(std::uint64_t number);
/// A number for people: up to six digits.
std::string brief(double number);
/// Text of a stranger as part of one line: control characters become '?', at most `most` bytes stay.
std::string one_line(std::string_view text, std::size_t most);

}  // namespace reeve::agent::compare
