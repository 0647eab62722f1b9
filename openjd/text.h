#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::openjd {

/// Valid UTF-8 as of Unicode: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// Code points of valid UTF-8: what the specification counts as characters.
std::size_t count_characters(std::string_view text);

/// Which of the 65 characters of Unicode's category Cc a text may hold.
enum class Controls { kNone, kLineBreaksAndTab, kAny };

/// True when `text` (valid UTF-8) holds a control character that `allowed` does not permit.
bool has_forbidden_control(std::string_view text, Controls allowed);

/// [A-Za-z_][A-Za-z0-9_]*, at most `max` characters. Source: 2023-09, 7.1.
bool is_identifier(std::string_view text, std::size_t max);

/// A whole text that is a base-10 integer of 64 bits with an optional sign.
std::optional<std::int64_t> parse_int(std::string_view text);

/// A whole text that is a finite base-10 number.
std::optional<double> parse_float(std::string_view text);

/// 'text' for an error message: shortened, control characters replaced.
std::string in_quotes(std::string_view text);

/// ASCII lower case; capability names compare without case.
std::string to_lower(std::string_view text);

}  // namespace reeve::openjd
