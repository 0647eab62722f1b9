#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/core/pace.h"
#include "protocol/invitation.h"
#include "protocol/result.h"

namespace reeve::agent {

/// What an agent's home says of it: agent.toml, written by `join`.
struct AgentSettings {
  std::string name;
  RegionAddress region;
  std::uint32_t slots = 0;  // 0: one for every `cpus_per_slot` cores
  std::uint32_t cpus_per_slot = 1;
  std::vector<std::string> tags;  // sorted
  std::uint64_t cache_gib = 16;
  std::uint64_t image_cache_gib = 32;
  std::uint64_t spool_gib = 16;
  Pacing pacing;
  std::string farm;          // whose agents run gangs together; empty: this one is in none
  std::string gang_address;  // where the others of the farm reach it: ADDRESS[:PORT]
};

/// How to run an agent.
struct AgentConfig {
  std::filesystem::path home;
  std::filesystem::path worker_path;  // empty: reeve-worker beside this program
  std::uint16_t http_port = 0;        // JSON on 127.0.0.1; 0: none
  std::string farm;                   // in place of what the settings say, where it is not empty
  std::string gang_address;
};

/// $REEVE_HOME's neighbour: /var/lib/reeve-agent for root, else ~/.local/share/reeve-agent.
std::filesystem::path default_home();

/// Errors name the file, and the key that is missing or wrong.
Result<AgentSettings> load_settings(const std::filesystem::path& home);
Result<void> save_settings(const std::filesystem::path& home, const AgentSettings& settings);

/// The program that lies beside this one.
std::filesystem::path sibling_program(const std::string& name);

}  // namespace reeve::agent
