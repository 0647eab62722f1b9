#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "protocol/result.h"
#include "scheduler/core/policy.h"

namespace reeve::shell {

/// region.toml: what an operator may set. Everything but the policy is this process's alone; the policy is
/// journaled when it changes.
struct RegionSettings {
  std::string name;
  std::string host = "127.0.0.1";
  std::uint16_t port = 7700;       // control; bulk data on the next one
  std::uint16_t http_port = 7702;  // on loopback only
  std::uint64_t disk_reserve_mib = 512;
  std::uint32_t retention_days = 30;       // of results
  std::uint64_t upload_quota_mib = 32768;  // of each party: blobs that no job names yet
  std::uint32_t strangers_per_minute = 600;
  std::uint64_t log_mib = 1024;           // what tasks' logs may take; 0: none are kept
  std::uint32_t ledger_log = 1;           // 0: no transparent log is kept; switched on again, it catches up
  std::string ledger_host = "127.0.0.1";  // where the log is served, to anybody who connects
  std::uint16_t ledger_port = 7703;
  core::Policy policy;
};

/// "HOST:PORT", an IPv6 host in brackets.
Result<void> parse_listen(std::string_view text, RegionSettings& settings);
std::string settings_text(const RegionSettings& settings);
/// kInvalid names the key that is unknown, of the wrong kind or out of bounds.
Result<RegionSettings> load_settings(const std::filesystem::path& file);

}  // namespace reeve::shell
