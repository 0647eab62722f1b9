#include "client/report/html_text.h"

#include <cstdio>

namespace reeve::client {

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string escape_path(std::string_view path) {
  // A colon would start a scheme, a slash or backslash an absolute path: neither belongs to this page's
  // folder.
  if (path.empty() || path[0] == '/' || path.find_first_of(":\\") != std::string_view::npos) return "";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/";
  std::string escaped;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      escaped += c;
      continue;
    }
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
    escaped += code;
  }
  return escaped;
}

std::string format_credits(std::int64_t micro_credits) {
  const bool negative = micro_credits < 0;
  const std::uint64_t size =
      negative ? 0 - static_cast<std::uint64_t>(micro_credits) : static_cast<std::uint64_t>(micro_credits);
  std::string whole = std::to_string(size / 1'000'000);
  for (std::size_t i = whole.size(); i > 3; i -= 3)
    whole.insert(i - 3, ",");
  std::string part = std::to_string(1'000'000 + size % 1'000'000).substr(1);
  while (part.size() > 2 && part.back() == '0')
    part.pop_back();
  return (negative ? "\u2212" : "") + whole + "." + part;
}

std::string format_number(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  std::string number = text;
  if (number.find('.') == std::string::npos) return number;
  while (number.back() == '0')
    number.pop_back();
  if (number.back() == '.') number.pop_back();
  return number;
}

}  // namespace reeve::client
