#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

/// The lines of a running action that speak to the session. Source: How Jobs Are Run; 2023-09, 4.
namespace reeve::openjd {

enum class DirectiveKind {
  kNone,            // plain output
  kProgress,        // openjd_progress: 0..100
  kStatus,          // openjd_status: TEXT
  kFail,            // openjd_fail: TEXT
  kSetVariable,     // openjd_env: NAME=VALUE
  kSecretVariable,  // openjd_redacted_env: NAME=VALUE; sets it where the step's script says so
  kUnsetVariable,   // openjd_unset_env: NAME
};

/// What one line says.
struct Directive {
  DirectiveKind kind = DirectiveKind::kNone;
  double progress_percent = 0;       // of kProgress
  std::string text;                  // of kStatus and kFail
  std::string name;                  // of variables
  std::string value;                 // of kSetVariable and kSecretVariable
  std::vector<std::string> secrets;  // to be hidden from this line on, also where `error` is set
  std::optional<Error> error;        // a malformed variable: the action has failed. Names no secret.
};

/// Reads one line of an action's output, without its line end.
///
/// A progress that is no number of 0 to 100 is plain output. A variable's NAME=VALUE may stand in quotes as a
/// JSON string, so that values can hold line breaks.
Directive parse_directive(std::string_view line);

/// Hides secrets in what a session shows.
class Redactor {
 public:
  /// Errors: kExhausted when a session would hide more than limits allow; then its output must not be shown.
  Result<void> add(const std::vector<std::string>& secrets);

  /// The line as it may be shown: "********" stands for each secret. A redacted_env line keeps its name
  /// alone.
  std::string shown(std::string_view line) const;
  /// True while every line is shown as it is, but for one that hides something itself.
  bool idle() const { return anywhere_.empty() && lines_.empty(); }

 private:
  Result<void> add_one(std::string_view secret);

  std::vector<std::string> anywhere_;  // none empty
  std::vector<std::string> lines_;     // inner lines of long secrets: hidden where they fill a line
  std::size_t bytes_ = 0;
};

}  // namespace reeve::openjd
