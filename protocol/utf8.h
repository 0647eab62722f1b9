#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text of strangers, and what of it may be shown.
namespace reeve {

/// Length of the UTF-8 sequence that starts at `at`, or 0: no overlong forms, surrogates or values beyond
/// U+10FFFF. Source: RFC 3629.
std::size_t utf8_sequence(std::string_view text, std::size_t at);

/// How much of `text` stands before a sequence that its end cuts off: at most 3 bytes less than all of it.
std::size_t whole_utf8(std::string_view text);

/// As many bytes as `text`, fit for a terminal and for JSON: '?' for each byte of a control character (C1
/// too) and of what is no UTF-8. Line ends and tabs stay; a carriage return ends a line too, as progress bars
/// use it, and is a blank where a line end follows.
std::string clean_text(std::string_view text);

}  // namespace reeve
