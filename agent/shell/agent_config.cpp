#include "agent/shell/agent_config.h"

#include <unistd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "agent/shell/files.h"
#include "protocol/limits.h"

namespace reeve::agent {
namespace {

Error wrong(const std::filesystem::path& path, const std::string& key, const char* expected) {
  return {ErrorCode::kInvalid, path.string() + ": `" + key + "` is missing or wrong; it must be " + expected,
          "mend that line, or join again into another --home"};
}

std::uint64_t number_or(const toml::table& table, const char* key, std::uint64_t otherwise) {
  return static_cast<std::uint64_t>(table[key].value_or<std::int64_t>(static_cast<std::int64_t>(otherwise)));
}

Result<AgentSettings> read_settings(const toml::table& table, const std::filesystem::path& path) {
  AgentSettings settings;
  settings.name = table["name"].value_or<std::string>("");
  if (settings.name.empty() || settings.name.size() > limits::kNameBytes)
    return wrong(path, "name", "a text of 1 to 64 bytes");
  const toml::node_view<const toml::node> region = table["region"];
  settings.region.host = region["host"].value_or<std::string>("");
  settings.region.port = static_cast<std::uint16_t>(region["port"].value_or<std::int64_t>(0));
  if (settings.region.host.empty()) return wrong(path, "region.host", "a name or an address");
  if (settings.region.port == 0) return wrong(path, "region.port", "a port of 1 to 65535");
  if (!from_hex(region["server_key"].value_or<std::string>(""), settings.region.server.bytes))
    return wrong(path, "region.server_key", "64 hexadecimal digits");
  settings.slots = static_cast<std::uint32_t>(number_or(table, "slots", 0));
  settings.cpus_per_slot = static_cast<std::uint32_t>(number_or(table, "cpus_per_slot", 1));
  if (settings.slots > limits::kSlotsPerAgent) return wrong(path, "slots", "0 to 1024");
  if (settings.cpus_per_slot == 0) return wrong(path, "cpus_per_slot", "1 or more");
  settings.cache_gib = number_or(table, "cache_gib", settings.cache_gib);
  settings.image_cache_gib = number_or(table, "image_cache_gib", settings.image_cache_gib);
  settings.spool_gib = number_or(table, "spool_gib", settings.spool_gib);
  settings.pacing.credit_tasks =
      static_cast<std::uint32_t>(number_or(table, "credit_tasks", settings.pacing.credit_tasks));
  settings.pacing.report_tasks =
      static_cast<std::uint32_t>(number_or(table, "report_tasks", settings.pacing.report_tasks));
  if (settings.pacing.credit_tasks == 0 || settings.pacing.credit_tasks > limits::kCreditPerAgent)
    return wrong(path, "credit_tasks", "1 to 16384");
  if (settings.pacing.report_tasks == 0 || settings.pacing.report_tasks > limits::kTasksPerSection)
    return wrong(path, "report_tasks", "1 to 8192");
  settings.farm = table["farm"].value_or<std::string>("");
  settings.gang_address = table["gang_address"].value_or<std::string>("");
  if (settings.farm.size() > limits::kNameBytes) return wrong(path, "farm", "a text of at most 64 bytes");
  if (const toml::array* tags = table["tags"].as_array()) {
    for (const toml::node& tag : *tags)
      settings.tags.push_back(tag.value_or<std::string>(""));
  }
  std::sort(settings.tags.begin(), settings.tags.end());
  return settings;
}

}  // namespace

std::filesystem::path default_home() {
  if (const char* home = std::getenv("REEVE_AGENT_HOME")) return home;
  if (geteuid() == 0) return "/var/lib/reeve-agent";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : ".") / ".local/share/reeve-agent";
}

Result<AgentSettings> load_settings(const std::filesystem::path& home) {
  const std::filesystem::path path = home / "agent.toml";
  const auto bytes = read_file(path);
  if (!bytes) {
    Error error = bytes.error();
    if (error.code == ErrorCode::kNotFound)
      error = {ErrorCode::kNotFound, "no agent in " + home.string() + ": it has no agent.toml",
               "join one first: `reeve agent join TOKEN --home " + home.string() + "`"};
    return error;
  }
  try {
    const std::string text(bytes.value().begin(), bytes.value().end());
    return read_settings(toml::parse(text), path);
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << path.string() << ", line " << error.source().begin.line << ": " << error.description();
    return Error{ErrorCode::kInvalid, where.str(), "mend that line"};
  }
}

Result<void> save_settings(const std::filesystem::path& home, const AgentSettings& settings) {
  toml::array tags;
  for (const std::string& tag : settings.tags)
    tags.push_back(tag);
  const auto integer = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  toml::table table{
      {"name", settings.name},
      {"slots", integer(settings.slots)},
      {"cpus_per_slot", integer(settings.cpus_per_slot)},
      {"tags", tags},
      {"cache_gib", integer(settings.cache_gib)},
      {"image_cache_gib", integer(settings.image_cache_gib)},
      {"spool_gib", integer(settings.spool_gib)},
      {"credit_tasks", integer(settings.pacing.credit_tasks)},
      {"report_tasks", integer(settings.pacing.report_tasks)},
      {"region", toml::table{{"host", settings.region.host},
                             {"port", integer(settings.region.port)},
                             {"server_key", to_hex(settings.region.server.bytes)}}},
  };
  if (!settings.farm.empty()) {
    table.insert("farm", settings.farm);
    table.insert("gang_address", settings.gang_address);
  }
  std::ostringstream text;
  text << table << "\n";
  if (const auto saved = replace_file(home / "agent.toml", as_bytes(text.str()), 0600); !saved) return saved;
  return sync_folder(home);
}

std::filesystem::path sibling_program(const std::string& name) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / name;
}

}  // namespace reeve::agent
