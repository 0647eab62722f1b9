// Lines that a stranger's program writes and that its session acts on.

#include <string_view>

#include "openjd/directives.h"
#include "openjd/limits.h"
#include "openjd/text.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  return {"openjd_progress: 42.5\nopenjd_status: loading\nopenjd_fail: no licence\n",
          "openjd_env: A=1\nopenjd_env: \"B=one\\ntwo\"\nopenjd_unset_env: A\n",
          "openjd_redacted_env: KEY=s3cret\nuses s3cret\n",
          "openjd_redacted_env: \"KEY=first\\n{\\nlast\"\n{\nthe last one\n"};
}

/// A line without a directive is left alone; a variable without an error can be set; nothing secret is shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::openjd;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Redactor redactor;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const Directive directive = parse_directive(line);
    const bool variable = directive.kind == DirectiveKind::kSetVariable ||
                          directive.kind == DirectiveKind::kSecretVariable ||
                          directive.kind == DirectiveKind::kUnsetVariable;
    REEVE_CHECK(variable || !directive.error, "only a variable's line can fail an action");
    if (variable && !directive.error) {
      REEVE_CHECK(is_identifier(directive.name, limits::kVariableName), "a variable has a name");
      REEVE_CHECK(directive.value.find('\0') == std::string::npos, "a value can be handed to a program");
    }
    if (!redactor.add(directive.secrets)) return 0;
    const std::string shown = redactor.shown(line);
    for (const std::string& secret : directive.secrets) {
      // The mark is stars, and the directive's own words are no secret.
      const bool telling = secret.size() > 24 && secret.find('*') == std::string::npos;
      REEVE_CHECK(!telling || shown.find(secret) == std::string::npos, "a secret is hidden in its own line");
    }
  }
  return 0;
}
