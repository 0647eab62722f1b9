#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reeve::openjd {

/// A position in a template's text; both count from 1, 0 means unknown.
struct Mark {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// One broken rule of a template or of a job's parameters.
struct Diagnostic {
  Mark mark;            // where the field's value starts
  std::string field;    // "steps[0].script.actions.onRun.command"; empty for the document
  std::string value;    // what stands there, shortened; empty when nothing does
  std::string problem;  // the rule that it breaks
  std::string remedy;   // what to write instead
};

/// "line 3, column 9: steps[0].name is 'x': problem. Remedy." on one line.
std::string to_string(const Diagnostic& diagnostic);

/// Collects every broken rule, up to a bound that keeps the answer readable.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic);
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  std::vector<Diagnostic> take() { return std::move(items_); }

 private:
  std::vector<Diagnostic> items_;
};

/// A value, or every reason why there is none. Exactly one of the two is present.
template <class T>
struct [[nodiscard]] Checked {
  std::optional<T> value;
  std::vector<Diagnostic> errors;

  explicit operator bool() const { return value.has_value(); }
};

}  // namespace reeve::openjd
