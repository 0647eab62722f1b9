#pragma once

#include <string>
#include <string_view>

#include "openjd/directives.h"
#include "openjd/session_variables.h"

namespace reeve::agent::worker {

/// What actions of a session have said so far by lines such as "openjd_env: NAME=value".
class Directives {
 public:
  /// `redacted_variables`  openjd_redacted_env sets a variable; it hides its value always
  explicit Directives(bool redacted_variables) : redacted_variables_(redacted_variables) {}

  /// What the last action said of itself alone is forgotten. Variables are for environments to set, as they
  /// are entered.
  void begin_action(bool sets_variables);
  /// Takes one line of output in.
  void hear(std::string_view line);

  openjd::SessionVariables& variables() { return variables_; }
  const std::string& failure() const { return failure_; }  // of openjd_fail
  const std::string& status() const { return status_; }    // of openjd_status
  const std::string& mistake() const { return mistake_; }  // a malformed line: its action has failed
  /// A log without what was said to be secret.
  std::string redacted(std::string_view log) const;
  /// The same of one line; meaningless where hides_all().
  std::string shown(std::string_view line) const { return redactor_.shown(line); }
  bool shows_all() const { return !hides_too_much_ && redactor_.idle(); }
  bool hides_all() const { return hides_too_much_; }

 private:
  bool redacted_variables_;
  bool sets_variables_ = false;
  bool hides_too_much_ = false;
  openjd::SessionVariables variables_;
  openjd::Redactor redactor_;
  std::string failure_;
  std::string status_;
  std::string mistake_;
};

}  // namespace reeve::agent::worker
