#include "agent/worker/directives.h"

#include <algorithm>

namespace reeve::agent::worker {
namespace {

/// Of what an action says of itself, an error repeats so much.
constexpr std::size_t kWordsBytes = 256;

}  // namespace

void Directives::begin_action(bool sets_variables) {
  sets_variables_ = sets_variables;
  failure_.clear();
  status_.clear();
  mistake_.clear();
}

void Directives::hear(std::string_view line) {
  openjd::Directive said = openjd::parse_directive(line);
  if (!redactor_.add(said.secrets)) {
    hides_too_much_ = true;
    mistake_ = "more secrets than a session can hide";
  }
  if (said.error) {
    mistake_ = said.error->message;
    return;
  }
  switch (said.kind) {
    case openjd::DirectiveKind::kNone:
    case openjd::DirectiveKind::kProgress: break;
    case openjd::DirectiveKind::kStatus: status_ = said.text.substr(0, kWordsBytes); break;
    case openjd::DirectiveKind::kFail: failure_ = said.text.substr(0, kWordsBytes); break;
    case openjd::DirectiveKind::kSetVariable:
      if (sets_variables_) variables_.set(said.name, std::move(said.value));
      break;
    case openjd::DirectiveKind::kSecretVariable:
      if (sets_variables_ && redacted_variables_) variables_.set(said.name, std::move(said.value));
      break;
    case openjd::DirectiveKind::kUnsetVariable:
      if (sets_variables_) variables_.unset(said.name);
      break;
  }
}

std::string Directives::redacted(std::string_view log) const {
  if (hides_too_much_) return "";
  std::string out;
  for (std::size_t begin = 0; begin < log.size();) {
    const std::size_t end = std::min(log.find('\n', begin), log.size());
    out += redactor_.shown(log.substr(begin, end - begin));
    if (end < log.size()) out += '\n';
    begin = end + 1;
  }
  return out;
}

}  // namespace reeve::agent::worker
