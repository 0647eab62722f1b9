#include "openjd/format_string.h"

#include <array>

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

struct ScopeName {
  std::string_view prefix;  // of a scope with names below it; the whole name of a value otherwise
  Scope scope;
  bool has_name;
};

constexpr std::array<ScopeName, 9> kScopes = {{
    {"Param", Scope::kParam, true},
    {"RawParam", Scope::kRawParam, true},
    {"Task.Param", Scope::kTaskParam, true},
    {"Task.RawParam", Scope::kTaskRawParam, true},
    {"Task.File", Scope::kTaskFile, true},
    {"Env.File", Scope::kEnvFile, true},
    {"Session.WorkingDirectory", Scope::kWorkingDirectory, false},
    {"Session.HasPathMappingRules", Scope::kHasPathMappingRules, false},
    {"Session.PathMappingRulesFile", Scope::kPathMappingRulesFile, false},
}};
static_assert(kScopes.size() == kLastScope + 1);

constexpr std::string_view kBlank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Error bad(std::string problem, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(problem), std::move(remedy)};
}

Result<Reference> parse_reference(std::string_view inside) {
  const std::string_view dotted = trimmed(inside);
  for (const ScopeName& scope : kScopes) {
    if (!scope.has_name && dotted == scope.prefix) return Reference{scope.scope, 0, {}};
    if (!scope.has_name || !dotted.starts_with(scope.prefix)) continue;
    const std::string_view rest = dotted.substr(scope.prefix.size());
    if (rest.starts_with('.') && is_identifier(rest.substr(1), limits::kLongName)) {
      return Reference{scope.scope, 0, std::string(rest.substr(1))};
    }
  }
  return bad("{{" + std::string(inside.substr(0, 80)) + "}} names no value",
             "use Param.X, RawParam.X, Task.Param.X, Task.RawParam.X, Task.File.X, Env.File.X, "
             "Session.WorkingDirectory, Session.HasPathMappingRules or Session.PathMappingRulesFile");
}

}  // namespace

std::string full_name(const Reference& reference) {
  const ScopeName& scope = kScopes[static_cast<std::size_t>(reference.scope)];
  std::string name(scope.prefix);
  if (scope.has_name) name += "." + reference.name;
  return name;
}

Result<FormatString> FormatString::parse(std::string_view source) {
  FormatString out;
  std::size_t position = 0;
  for (;;) {
    const std::size_t open = source.find("{{", position);
    const std::size_t close = source.find("}}", position);
    if (open == std::string_view::npos && close == std::string_view::npos) break;
    if (close == std::string_view::npos) return bad("a '{{' is never closed", "add '}}'");
    if (open == std::string_view::npos || close < open) {
      return bad("a '}}' has no '{{' before it", "separate the two braces, or add '{{'");
    }
    Result<Reference> reference = parse_reference(source.substr(open + 2, close - open - 2));
    if (!reference) return reference.error();
    out.literals_ += source.substr(position, open - position);
    out.pieces_.push_back({static_cast<std::uint32_t>(open - position), *std::move(reference)});
    position = close + 2;
  }
  out.literals_ += source.substr(position);
  return out;
}

FormatString FormatString::literal(std::string text) {
  FormatString out;
  out.literals_ = std::move(text);
  return out;
}

std::string FormatString::resolve(const Symbols& symbols) const {
  if (is_constant()) return literals_;
  std::string out;
  resolve_into(symbols, out);
  return out;
}

void FormatString::resolve_into(const Symbols& symbols, std::string& out) const {
  out.clear();
  std::size_t size = literals_.size();
  for (const Piece& piece : pieces_) {
    const auto value = symbols.value(piece.reference);
    REEVE_CHECK(value.has_value(), "a format string is resolved where all its references are known");
    size += value->size();
  }
  out.reserve(size);
  std::size_t literal = 0;
  for (const Piece& piece : pieces_) {
    out.append(literals_, literal, piece.literal_bytes);
    out += *symbols.value(piece.reference);
    literal += piece.literal_bytes;
  }
  out.append(literals_, literal);
}

FormatString FormatString::fold(const Symbols& symbols) const {
  FormatString out;
  std::size_t literal = 0;
  std::uint32_t before = 0;  // literal bytes since the last reference that was kept
  for (const Piece& piece : pieces_) {
    out.literals_.append(literals_, literal, piece.literal_bytes);
    literal += piece.literal_bytes;
    before += piece.literal_bytes;
    if (const auto value = symbols.value(piece.reference)) {
      out.literals_ += *value;
      before += static_cast<std::uint32_t>(value->size());
    } else {
      out.pieces_.push_back({before, piece.reference});
      before = 0;
    }
  }
  out.literals_.append(literals_, literal);
  return out;
}

std::string FormatString::source() const {
  std::string out;
  std::size_t literal = 0;
  for (const Piece& piece : pieces_) {
    out.append(literals_, literal, piece.literal_bytes);
    out += "{{" + full_name(piece.reference) + "}}";
    literal += piece.literal_bytes;
  }
  return out.append(literals_, literal);
}

bool FormatString::is_consistent() const {
  std::size_t left = literals_.size();
  for (const Piece& piece : pieces_) {
    if (piece.literal_bytes > left || static_cast<std::uint8_t>(piece.reference.scope) > kLastScope)
      return false;
    left -= piece.literal_bytes;
  }
  return true;
}

}  // namespace reeve::openjd
