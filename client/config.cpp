#include "client/config.h"

#include <toml++/toml.h>
#include <array>
#include <cstdlib>

namespace reeve::client {
namespace {

struct Known {
  const char* name;
  const char* variable;
  const char* fallback;
  const char* meaning;
  bool in_file;  // `home` says where the file is, so no file can say it
};

constexpr std::array<Known, 4> kKnown{{
    {"home", "REEVE_HOME", "", "where keys, login and config.toml live", false},
    {"output", "REEVE_OUTPUT", "table", "table, json or quiet", true},
    {"region_dir", "REEVE_REGION", "", "a region's folder: speak to it as its operator", true},
    {"timeout", "REEVE_TIMEOUT", "10s", "how long to wait for the region's answer", true},
}};

std::string default_home(const Environment& environment) {
  if (const auto folder = environment("XDG_CONFIG_HOME"); folder && !folder->empty())
    return *folder + "/reeve";
  return environment("HOME").value_or(".") + "/.config/reeve";
}

struct ConfigFile {
  std::filesystem::path path;
  std::map<std::string, std::string> values;
};

Result<ConfigFile> read_config(const std::filesystem::path& folder) {
  ConfigFile file{folder / "config.toml", {}};
  auto values = read_toml(file.path);
  if (!values) return values.error();
  for (const auto& [key, value] : *values) {
    bool known = false;
    for (const Known& setting : kKnown)
      known = known || (setting.in_file && key == setting.name);
    if (!known) {
      return Error{ErrorCode::kInvalid, file.path.string() + " names '" + key + "', which is no setting",
                   "remove it; `reeve config show` lists the settings"};
    }
  }
  file.values = std::move(*values);
  return file;
}

/// The value of one setting from the first source that has it.
Setting find_setting(const Known& known, const Flags& flags, const Environment& environment,
                     const std::vector<ConfigFile>& files) {
  if (const auto flag = flags.find(known.name); flag != flags.end()) {
    const bool region = std::string_view(known.name) == "region_dir";
    return {known.name, flag->second, std::string("flag --") + (region ? "region" : known.name),
            known.meaning};
  }
  if (const auto value = environment(known.variable); value && !value->empty()) {
    return {known.name, *value, std::string("environment ") + known.variable, known.meaning};
  }
  for (const ConfigFile& file : files) {
    if (const auto value = file.values.find(known.name); value != file.values.end()) {
      return {known.name, value->second, file.path.string(), known.meaning};
    }
  }
  return {known.name, known.fallback, "default", known.meaning};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value =
        std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Result<std::map<std::string, std::string>> read_toml(const std::filesystem::path& file) {
  std::map<std::string, std::string> values;
  std::error_code missing;
  if (!std::filesystem::exists(file, missing)) return values;
  try {
    const toml::table table = toml::parse_file(file.string());
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (const auto* text = node.as_string()) {
        values[name] = text->get();
      } else if (const auto* number = node.as_integer()) {
        values[name] = std::to_string(number->get());
      } else if (const auto* flag = node.as_boolean()) {
        values[name] = flag->get() ? "true" : "false";
      }
    }
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kInvalid,
                 file.string() + ":" + std::to_string(error.source().begin.line) + ": " +
                     std::string(error.description()),
                 "mend the file (it is TOML)"};
  }
  return values;
}

Result<Config> Config::load(const Flags& flags, const Environment& environment,
                            const std::filesystem::path& system_folder) {
  Config config;
  Setting home = find_setting(kKnown[0], flags, environment, {});
  if (home.value.empty()) home.value = default_home(environment);
  std::vector<ConfigFile> files;
  for (const std::filesystem::path& folder : {std::filesystem::path(home.value), system_folder}) {
    auto file = read_config(folder);
    if (!file) return file.error();
    files.push_back(std::move(*file));
  }
  config.settings_.push_back(std::move(home));
  for (std::size_t i = 1; i < kKnown.size(); ++i)
    config.settings_.push_back(find_setting(kKnown[i], flags, environment, files));
  return config;
}

const std::string& Config::get(std::string_view name) const {
  const Setting* found = nullptr;
  for (const Setting& setting : settings_) {
    if (setting.name == name) found = &setting;
  }
  REEVE_CHECK(found != nullptr, "a setting that is read is one of the known ones");
  return found->value;
}

}  // namespace reeve::client
