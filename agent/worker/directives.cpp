#include "agent/worker/directives.h"

#include <algorithm>

#include "openjd/text.h"

namespace reeve::agent::worker {
namespace {

/// Of the environment of a process, the kernel takes some 2 MiB.
constexpr std::size_t kVariables = 1024;
constexpr std::size_t kNameBytes = 256;  // 2023-09, 4.2
constexpr std::size_t kValueBytes = 32768;
constexpr std::size_t kWordsBytes = 512;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t') || text.ends_with('\r'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

void Directives::begin_action() {
  failure_.clear();
  status_.clear();
  mistake_.clear();
}

void Directives::hear(std::string_view line, bool secret_variables) {
  constexpr std::string_view kPrefix = "openjd_";
  if (!line.starts_with(kPrefix)) return;
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return;
  const std::string_view what = line.substr(kPrefix.size(), colon - kPrefix.size());
  const std::string_view rest = line.substr(colon + 2);
  if (what == "env") return set(rest, false, true);
  if (what == "redacted_env") return set(rest, true, secret_variables);
  if (what == "unset_env") return unset(trimmed(rest));
  if (what == "fail") failure_ = std::string(trimmed(rest).substr(0, kWordsBytes));
  if (what == "status") status_ = std::string(trimmed(rest).substr(0, kWordsBytes));
}

void Directives::set(std::string_view text, bool secret, bool keep) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  const std::size_t equals = text.find('=');
  const std::string name(text.substr(0, equals));
  if (equals == std::string_view::npos || !openjd::is_identifier(name, kNameBytes)) {
    mistake_ =
        secret ? "a line 'openjd_redacted_env: ' that is not NAME=value"
               : "the line 'openjd_env: " + std::string(text.substr(0, 200)) + "', which is not NAME=value";
    return;
  }
  const std::string value(text.substr(equals + 1));
  const bool fits = value.size() <= kValueBytes && value.find('\0') == std::string::npos &&
                    (variables_.size() < kVariables || variables_.contains(name));
  if (!fits) {
    mistake_ = "more than " + std::to_string(kVariables) + " variables, or more than " +
               std::to_string(kValueBytes) + " bytes in '" + name + "'";
    return;
  }
  if (keep) variables_[name] = value;
  if (secret && !value.empty()) secrets_.push_back(value);
}

void Directives::unset(std::string_view name) {
  if (!openjd::is_identifier(name, kNameBytes)) {
    mistake_ =
        "the line 'openjd_unset_env: " + std::string(name.substr(0, 200)) + "', which names no variable";
    return;
  }
  if (variables_.size() < kVariables || variables_.contains(std::string(name)))
    variables_[std::string(name)] = std::nullopt;
}

std::string Directives::redacted(std::string text) const {
  for (const std::string& secret : secrets_) {
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 8))
      text.replace(at, secret.size(), "********");
  }
  return text;
}

}  // namespace reeve::agent::worker
