#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::agent::worker {

/// What actions of a session have said so far by lines such as "openjd_env: NAME=value".
/// Source: Open Job Description, How Jobs Are Run, "Stdout/Stderr Messages".
class Directives {
 public:
  /// Takes one line of output in. `secret_variables`: openjd_redacted_env sets one; it hides its value
  /// always.
  void hear(std::string_view line, bool secret_variables);
  /// Before each action: what the last one said of itself alone is forgotten.
  void begin_action();

  /// Variables set (a value) and taken away (none), over those of the session.
  const std::map<std::string, std::optional<std::string>>& variables() const { return variables_; }
  const std::string& failure() const { return failure_; }  // of openjd_fail
  const std::string& status() const { return status_; }    // of openjd_status
  const std::string& mistake() const {
    return mistake_;
  }  // a directive that is malformed: its action has failed
  /// `text` without what was said to be secret.
  std::string redacted(std::string text) const;

 private:
  void set(std::string_view text, bool secret, bool keep);
  void unset(std::string_view name);

  std::map<std::string, std::optional<std::string>> variables_;
  std::vector<std::string> secrets_;
  std::string failure_;
  std::string status_;
  std::string mistake_;
};

}  // namespace reeve::agent::worker
