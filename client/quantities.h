#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/result.h"
#include "protocol/units.h"

/// What people type and read for lengths of time, sizes and money.
namespace reeve::client {

/// `90`, `90s`, `1h30m`, `2d`, `250ms`: units d, h, m, s, ms, each once, the largest first; bare is seconds.
Result<Duration> parse_duration(std::string_view text);
/// `1h30m`, `45s`, `1.2s`, `3d4h`: two units at most.
std::string format_duration(Duration duration);

/// Bytes: `512`, `8K`, `8M`, `8G`, `8T`, in powers of 1024; a decimal point is refused.
Result<std::uint64_t> parse_size(std::string_view text);
/// Whole MiB, rounded up; what 32 bits do not hold is as much as they do.
std::uint32_t whole_mib(std::uint64_t bytes);
/// `1.5 GiB`.
std::string format_size(std::uint64_t bytes);

/// Credits with at most six decimals: `100`, `0.25`. Never negative.
Result<MicroCredits> parse_credits(std::string_view text);
/// `1,234.5`: without trailing zeros.
std::string format_credits(MicroCredits amount);

/// Digits only, up to `most`. `what` names the value in the refusal.
Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t most, std::string_view what);

/// `1,234,567`.
std::string format_count(std::uint64_t count);

/// `2026-03-01 14:05:09` in UTC.
std::string format_time(Time time);

/// `1920x1080`: two numbers of 1..32768.
struct PixelSize {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool operator==(const PixelSize&) const = default;
};
/// `what` names the value in the refusal: "size", "tiles".
Result<PixelSize> parse_pixel_size(std::string_view text, std::string_view what);

}  // namespace reeve::client
