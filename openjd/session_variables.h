#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace reeve::openjd {

/// The environment variables of a session: each environment that is entered changes them until it is left.
/// Source: 2023-09, 4.
class SessionVariables {
 public:
  using Map = std::map<std::string, std::string>;

  /// Opens an environment that sets `variables`.
  void enter(Map variables);
  /// Closes the one that was entered last.
  void leave();

  /// What the last environment entered says by its output. Within one environment unset() wins over set().
  void set(const std::string& name, std::string value);
  void unset(const std::string& name);

  /// `base` with the changes of every environment that is open.
  Map over(Map base) const;

 private:
  struct Changes {
    Map set;
    std::set<std::string> unset;
  };
  std::vector<Changes> open_;
};

}  // namespace reeve::openjd
