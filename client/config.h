#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace reeve::client {

/// One value and where it came from, as `reeve config show` prints it.
struct Setting {
  std::string name;    // "output"
  std::string value;   // empty: not set
  std::string source;  // "flag --output", "environment REEVE_OUTPUT", a file's path, "default"
  std::string meaning;
};

/// Reads one environment variable; nullopt when it is not set. Tests hand in their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// Values given as flags, by setting name.
using Flags = std::map<std::string, std::string>;

/// The client's settings: flag > environment > HOME/config.toml > /etc/reeve/config.toml > default.
class Config {
 public:
  /// kInvalid: a file that is no TOML, or names a setting that does not exist (with file and key).
  /// `system_folder` is /etc/reeve, other in tests.
  static Result<Config> load(const Flags& flags, const Environment& environment,
                             const std::filesystem::path& system_folder = "/etc/reeve");

  /// The value of a setting that exists.
  const std::string& get(std::string_view name) const;
  const std::vector<Setting>& settings() const { return settings_; }
  /// Where the user's keys, login and config.toml live: --home, REEVE_HOME, $XDG_CONFIG_HOME/reeve,
  /// ~/.config/reeve.
  std::filesystem::path home() const { return get("home"); }

 private:
  std::vector<Setting> settings_;
};

/// The string, integer and boolean keys at the top of a TOML file, as text; an absent file has none.
Result<std::map<std::string, std::string>> read_toml(const std::filesystem::path& file);

}  // namespace reeve::client
