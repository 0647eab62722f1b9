#include "openjd/directives.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "openjd/limits.h"
#include "openjd/text.h"

namespace reeve::openjd {
namespace {

constexpr std::string_view kHidden = "********";
constexpr std::string_view kSecretPrefix = "openjd_redacted_env: ";

struct Prefix {
  std::string_view text;
  DirectiveKind kind;
};

constexpr std::array<Prefix, 6> kPrefixes = {{
    {"openjd_progress: ", DirectiveKind::kProgress},
    {"openjd_status: ", DirectiveKind::kStatus},
    {"openjd_fail: ", DirectiveKind::kFail},
    {"openjd_env: ", DirectiveKind::kSetVariable},
    {kSecretPrefix, DirectiveKind::kSecretVariable},
    {"openjd_unset_env: ", DirectiveKind::kUnsetVariable},
}};

std::string_view trimmed_left(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

/// The text of a JSON string that fills `text`; nullopt where it is none.
std::optional<std::string> unquoted(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

Error malformed(const char* form) {
  return {ErrorCode::kInvalid, std::string("the action wrote a malformed line; it must be ") + form,
          "use a name of letters, digits and underscores, and no NUL in the value"};
}

void read_assignment(std::string_view given, Directive& directive) {
  const bool secret = directive.kind == DirectiveKind::kSecretVariable;
  const Error error = malformed(secret ? "openjd_redacted_env: NAME=VALUE" : "openjd_env: NAME=VALUE");
  const std::string_view text = trimmed_left(given);
  // Whatever follows, what stands behind the first '=' is meant to be hidden; without one, all is.
  if (secret) {
    const std::size_t equals = text.find('=');
    directive.secrets.emplace_back(equals == std::string_view::npos ? text : text.substr(equals + 1));
  }
  std::optional<std::string> plain = std::string(text);
  if (text.starts_with('"')) plain = unquoted(text);
  const std::size_t equals = plain ? plain->find('=') : std::string::npos;
  if (equals == std::string::npos) {
    directive.error = error;
    return;
  }
  directive.name = plain->substr(0, equals);
  directive.value = plain->substr(equals + 1);
  if (secret) directive.secrets.push_back(directive.value);
  const bool fits = is_identifier(directive.name, limits::kVariableName) &&
                    directive.value.size() <= limits::kSetVariableBytes &&
                    directive.value.find('\0') == std::string::npos;
  if (!fits) directive.error = error;
}

void read_progress(std::string_view text, Directive& directive) {
  const auto percent = parse_float(text);
  if (percent && *percent >= 0 && *percent <= 100) {
    directive.progress_percent = *percent;
  } else {
    directive.kind = DirectiveKind::kNone;
  }
}

/// Puts the mark in place of every part that one of `secrets` covers.
std::string hidden(std::string_view line, const std::vector<std::string>& secrets) {
  std::vector<std::pair<std::size_t, std::size_t>> parts;  // first byte, byte after the last
  for (const std::string& secret : secrets) {
    for (std::size_t at = line.find(secret); at != std::string_view::npos; at = line.find(secret, at + 1))
      parts.emplace_back(at, at + secret.size());
  }
  std::sort(parts.begin(), parts.end());
  std::string out;
  std::size_t done = 0;
  for (std::size_t i = 0; i < parts.size();) {
    std::size_t end = parts[i].second;
    out.append(line.substr(done, parts[i].first - done)).append(kHidden);
    while (i < parts.size() && parts[i].first <= end)  // overlapping parts are one
      end = std::max(end, parts[i++].second);
    done = end;
  }
  return out.append(line.substr(done));
}

}  // namespace

Directive parse_directive(std::string_view line) {
  Directive directive;
  const auto* prefix = std::find_if(kPrefixes.begin(), kPrefixes.end(),
                                    [&](const Prefix& p) { return line.starts_with(p.text); });
  if (prefix == kPrefixes.end()) return directive;
  const std::string_view rest = line.substr(prefix->text.size());
  directive.kind = prefix->kind;
  switch (prefix->kind) {
    case DirectiveKind::kNone: break;
    case DirectiveKind::kProgress: read_progress(rest, directive); break;
    case DirectiveKind::kStatus:
    case DirectiveKind::kFail: directive.text = rest; break;
    case DirectiveKind::kSetVariable:
    case DirectiveKind::kSecretVariable: read_assignment(rest, directive); break;
    case DirectiveKind::kUnsetVariable:
      directive.name = trimmed_left(rest);
      if (!is_identifier(directive.name, limits::kVariableName)) {
        directive.error = malformed("openjd_unset_env: NAME");
      }
      break;
  }
  return directive;
}

Result<void> Redactor::add(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (auto added = add_one(secret); !added) return added;
  }
  return {};
}

Result<void> Redactor::add_one(std::string_view secret) {
  if (secret.empty()) return {};
  bytes_ += secret.size();
  std::size_t first = 0;
  for (bool last = false; !last;) {
    const std::size_t end = std::min(secret.find('\n', first), secret.size());
    last = end == secret.size();
    std::string_view part = secret.substr(first, end - first);
    if (part.ends_with('\r')) part.remove_suffix(1);
    // An inner line may be as short as "{": it is hidden only where it fills a line.
    std::vector<std::string>& list = first == 0 || last ? anywhere_ : lines_;
    const bool known = std::find(list.begin(), list.end(), part) != list.end();
    if (!part.empty() && !known) list.emplace_back(part);
    first = end + 1;
  }
  if (bytes_ > limits::kSecretBytes || anywhere_.size() + lines_.size() > limits::kSecrets) {
    return Error{ErrorCode::kExhausted, "the session hides more than can be kept",
                 "hide fewer or shorter values by openjd_redacted_env"};
  }
  return {};
}

std::string Redactor::shown(std::string_view line) const {
  if (line.starts_with(kSecretPrefix)) {
    const std::string_view rest = trimmed_left(line.substr(kSecretPrefix.size()));
    const std::size_t equals = rest.find('=');
    const bool named = equals != std::string_view::npos && is_identifier(rest.substr(0, equals), equals);
    return std::string(kSecretPrefix).append(rest.substr(0, named ? equals + 1 : 0)).append(kHidden);
  }
  if (std::find(lines_.begin(), lines_.end(), line) != lines_.end()) return std::string(kHidden);
  return anywhere_.empty() ? std::string(line) : hidden(line, anywhere_);
}

}  // namespace reeve::openjd
