#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reeve::client {

/// Text as it may stand in an element or in a quoted attribute.
std::string escape_html(std::string_view text);

/// A relative path as it may stand in href or src: percent-encoded, and "" for what is absolute or has a
/// scheme.
std::string escape_path(std::string_view path);

/// Micro-credits as credits with 2 to 6 digits after the point and grouped thousands: "12,345.67".
std::string format_credits(std::int64_t micro_credits);

/// A number with at most `digits` digits after the point, without trailing zeros.
std::string format_number(double value, int digits);

}  // namespace reeve::client
