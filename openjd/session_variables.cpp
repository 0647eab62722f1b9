#include "openjd/session_variables.h"

#include "protocol/check.h"

namespace reeve::openjd {

void SessionVariables::enter(Map variables) {
  open_.push_back({std::move(variables), {}});
}

void SessionVariables::leave() {
  REEVE_CHECK(!open_.empty(), "only an environment that was entered is left");
  open_.pop_back();
}

void SessionVariables::set(const std::string& name, std::string value) {
  REEVE_CHECK(!open_.empty(), "a variable belongs to an environment");
  open_.back().set[name] = std::move(value);
}

void SessionVariables::unset(const std::string& name) {
  REEVE_CHECK(!open_.empty(), "a variable belongs to an environment");
  open_.back().unset.insert(name);
}

SessionVariables::Map SessionVariables::over(Map base) const {
  for (const Changes& changes : open_) {
    for (const auto& [name, value] : changes.set)
      base[name] = value;
    for (const std::string& name : changes.unset)
      base.erase(name);
  }
  return base;
}

}  // namespace reeve::openjd
