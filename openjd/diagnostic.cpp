#include "openjd/diagnostic.h"

#include "openjd/limits.h"

namespace reeve::openjd {

std::string to_string(const Diagnostic& diagnostic) {
  std::string out;
  if (diagnostic.mark.line != 0) {
    out += "line " + std::to_string(diagnostic.mark.line) + ", column " +
           std::to_string(diagnostic.mark.column) + ": ";
  }
  if (!diagnostic.field.empty()) {
    out += diagnostic.field;
    if (!diagnostic.value.empty()) out += " is " + diagnostic.value;
    out += ": ";
  }
  out += diagnostic.problem;
  if (!diagnostic.remedy.empty()) out += "; " + diagnostic.remedy;
  return out;
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (items_.size() == limits::kDiagnostics) {
    items_.push_back({{}, {}, {}, "there are more errors than can be shown", "mend these first"});
  }
  if (items_.size() > limits::kDiagnostics) return;
  items_.push_back(std::move(diagnostic));
}

}  // namespace reeve::openjd
