#include "openjd/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "openjd/limits.h"

namespace reeve::openjd {
namespace {

constexpr unsigned char byte_of(char c) {
  return static_cast<unsigned char>(c);
}
constexpr bool is_continuation(char c) {
  return (byte_of(c) & 0xC0U) == 0x80U;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Bytes of the code point that starts `text`, or 0 where it is malformed.
std::size_t code_point_bytes(std::string_view text) {
  const unsigned char first = byte_of(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const unsigned char second = byte_of(text[1]);
  if (first == 0xE0 && second < 0xA0) return 0;   // overlong
  if (first == 0xED && second >= 0xA0) return 0;  // surrogate
  if (first == 0xF0 && second < 0x90) return 0;   // overlong
  if (first == 0xF4 && second >= 0x90) return 0;  // above U+10FFFF
  return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = code_point_bytes(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

bool has_forbidden_control(std::string_view text, Controls allowed) {
  if (allowed == Controls::kAny) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = byte_of(text[i]);
    const bool line_or_tab = c == '\n' || c == '\r' || c == '\t';
    if (line_or_tab && allowed == Controls::kLineBreaksAndTab) continue;
    if (c < 0x20 || c == 0x7F) return true;
    const bool c1 = c == 0xC2 && i + 1 < text.size() && byte_of(text[i + 1]) < 0xA0;
    if (c1) return true;
  }
  return false;
}

bool is_identifier(std::string_view text, std::size_t max) {
  if (text.empty() || text.size() > max || is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && is_digit(text[1])) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<double> parse_float(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
  });  // from_chars would take "inf" and "nan"
  if (text.empty() || !plain) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  std::size_t used = 0;
  while (used < text.size()) {
    const std::size_t length = std::max<std::size_t>(1, code_point_bytes(text.substr(used)));
    if (used + length > limits::kQuotedBytes) break;
    const std::string_view piece = text.substr(used, length);
    const bool bad = has_forbidden_control(piece, Controls::kNone) || !is_utf8(piece);
    out += bad ? std::string_view("?") : piece;
    used += length;
  }
  return out + (used < text.size() ? "…'" : "'");
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace reeve::openjd
