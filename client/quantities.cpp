#include "client/quantities.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <limits>

namespace reeve::client {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
// The largest first, as they must follow one another.
constexpr std::array<Unit, 5> kUnits{{{"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000}}};
constexpr std::int64_t kLongest = 3650 * kUnits[0].ns;  // ten years: nothing of ours lasts longer

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Error bad_duration(std::string_view text) {
  return {ErrorCode::kInvalid, "'" + std::string(text) + "' is no length of time",
          "write it as 90s, 1h30m or 2d (units d, h, m, s, ms; the largest first; at most 3650d)"};
}

Error bad_size(std::string_view text) {
  return {ErrorCode::kInvalid, "'" + std::string(text) + "' is no size",
          "write whole bytes, or K, M, G, T in powers of 1024: 512M, 8G"};
}

/// Takes the digits off the front of `text`.
bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !is_digit(text.front())) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::string decimals(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0')
    text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = text;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  if (rest.empty()) return bad_duration(text);
  while (!rest.empty()) {
    std::uint64_t number = 0;
    if (!take_number(rest, number)) return bad_duration(text);
    std::size_t letters = 0;
    while (letters < rest.size() && !is_digit(rest[letters]))
      ++letters;
    const bool bare = letters == 0 && next_unit == 0 && rest.empty();
    const std::string_view name = bare ? "s" : rest.substr(0, letters);
    rest.remove_prefix(letters);
    std::size_t unit = next_unit;
    while (unit < kUnits.size() && kUnits[unit].name != name)
      ++unit;
    if (unit == kUnits.size()) return bad_duration(text);
    next_unit = unit + 1;
    if (number > static_cast<std::uint64_t>((kLongest - total) / kUnits[unit].ns)) return bad_duration(text);
    total += static_cast<std::int64_t>(number) * kUnits[unit].ns;
  }
  return Duration{total};
}

std::string format_duration(Duration duration) {
  std::int64_t ns = duration.ns < 0 ? 0 : duration.ns;
  if (ns < seconds(10).ns) {
    if (ns < seconds(1).ns) return std::to_string(ns / 1'000'000) + "ms";
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", static_cast<double>(ns) / 1e9);
    return decimals(text) + "s";
  }
  std::string text;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    if (unit.name == "ms") break;
    const std::int64_t count = ns / unit.ns;
    if (count == 0 && shown == 0) continue;
    if (count > 0) text += std::to_string(count) + std::string(unit.name);
    ns %= unit.ns;
    if (++shown == 2) break;
  }
  return text;
}

std::uint32_t whole_mib(std::uint64_t bytes) {
  const std::uint64_t mib = (bytes >> 20) + ((bytes & 0xFFFFF) != 0 ? 1 : 0);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(mib, UINT32_MAX));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  std::uint64_t number = 0;
  if (rest.empty() || !take_number(rest, number)) return bad_size(text);
  if (rest.ends_with("iB")) rest.remove_suffix(2);
  if (rest.size() > 1) return bad_size(text);
  unsigned shift = 0;
  if (!rest.empty()) {
    const std::size_t power = std::string_view("BKMGT").find(rest.front());
    if (power == std::string_view::npos) return bad_size(text);
    shift = static_cast<unsigned>(power) * 10;
  }
  if (number > (std::numeric_limits<std::uint64_t>::max() >> shift)) return bad_size(text);
  return number << shift;
}

std::string format_size(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kNames{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t name = 0;
  while (value >= 1024 && name + 1 < kNames.size()) {
    value /= 1024;
    ++name;
  }
  char text[48];
  std::snprintf(text, sizeof text, name == 0 ? "%.0f" : "%.1f", value);
  return decimals(text) + " " + kNames[name];
}

Result<MicroCredits> parse_credits(std::string_view text) {
  const Error bad{ErrorCode::kInvalid, "'" + std::string(text) + "' is no amount of credits",
                  "write credits with at most six decimals: 100 or 0.25"};
  std::string_view rest = text;
  std::uint64_t whole = 0;
  if (rest.empty() || !take_number(rest, whole)) return bad;
  constexpr auto kMost =
      static_cast<std::uint64_t>(std::numeric_limits<MicroCredits>::max() / kMicroPerCredit);
  if (whole >= kMost) return bad;
  std::uint64_t micro = whole * kMicroPerCredit;
  if (rest.empty()) return static_cast<MicroCredits>(micro);
  if (rest.front() != '.' || rest.size() < 2 || rest.size() > 7) return bad;
  std::uint64_t unit = kMicroPerCredit;
  for (const char c : rest.substr(1)) {
    if (!is_digit(c)) return bad;
    unit /= 10;
    micro += static_cast<std::uint64_t>(c - '0') * unit;
  }
  return static_cast<MicroCredits>(micro);
}

std::string format_credits(MicroCredits amount) {
  const bool negative = amount < 0;
  const std::uint64_t magnitude =
      negative ? ~static_cast<std::uint64_t>(amount) + 1 : static_cast<std::uint64_t>(amount);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06u", static_cast<unsigned>(magnitude % kMicroPerCredit));
  return (negative ? "-" : "") + decimals(format_count(magnitude / kMicroPerCredit) + fraction);
}

Result<std::uint64_t> parse_number(std::string_view text, std::uint64_t most, std::string_view what) {
  std::string_view rest = text;
  std::uint64_t number = 0;
  if (rest.empty() || !take_number(rest, number) || !rest.empty() || number > most) {
    return Error{
        ErrorCode::kInvalid,
        std::string(what) + " '" + std::string(text) + "' is no number of 0.." + std::to_string(most),
        "write digits only"};
  }
  return number;
}

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3)
    text.insert(i - 3, ",");
  return text;
}

std::string format_time(Time time) {
  const std::time_t since_epoch = static_cast<std::time_t>(time.ns / 1'000'000'000);
  std::tm fields{};
  gmtime_r(&since_epoch, &fields);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &fields);
  return text;
}

Result<PixelSize> parse_pixel_size(std::string_view text, std::string_view what) {
  const std::size_t x = text.find('x');
  const Error bad{ErrorCode::kInvalid, std::string(what) + " '" + std::string(text) + "' is not WIDTHxHEIGHT",
                  "write two numbers of 1..32768 with an x between them: 640x360"};
  if (x == std::string_view::npos) return bad;
  const auto width = parse_number(text.substr(0, x), 32768, what);
  const auto height = parse_number(text.substr(x + 1), 32768, what);
  if (!width || !height || *width == 0 || *height == 0) return bad;
  return PixelSize{static_cast<std::uint32_t>(*width), static_cast<std::uint32_t>(*height)};
}

}  // namespace reeve::client
