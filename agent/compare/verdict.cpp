#include "agent/compare/verdict.h"

#include <array>
#include <charconv>
#include <utility>

#include "agent/compare/bounds.h"

namespace reeve::agent::compare {

std::string one_line(std::string_view text, std::size_t most) {
  std::string line(text.substr(0, most));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return line;
}

Verdict same(std::string why) {
  return {Agreement::kSame, one_line(why, kReasonBytes)};
}

Verdict differ(std::string_view why) {
  return {Agreement::kDiffer, one_line(why, kReasonBytes)};
}

Verdict undecidable(std::string_view why) {
  return {Agreement::kUndecidable, one_line(why, kReasonBytes)};
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, 1, ',');
  return digits;
}

std::string brief(double number) {
  std::array<char, 40> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::general, 6);
  return error == std::errc{} ? std::string(text.data(), end) : "?";
}

}  // namespace reeve::agent::compare
