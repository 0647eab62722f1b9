#pragma once

#include <cstdint>
#include <filesystem>

#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::shell {

struct AuditReport {
  std::uint64_t events = 0;
  std::uint64_t jobs = 0;
  std::uint64_t accounts = 0;
  std::uint64_t settled_tasks = 0;
  bool snapshot_compared = false;
  Digest chain;                   // of the journal's last row
  Digest state;                   // of the encoded state after the last event
  std::uint64_t log_entries = 0;  // of the transparent log; 0: none was kept
  Digest log_root;
};

/// Trusts nothing but the events: verifies their chain, replays them from the first, compares the newest
/// snapshot and the transparent log, checks every invariant. kCorrupt names what does not hold.
Result<AuditReport> audit_region(const std::filesystem::path& path);

}  // namespace reeve::shell
