#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "scheduler/shell/ledger_store.h"
#include "scheduler/shell/sqlite_journal.h"

namespace reeve::shell {

/// A log that goes on where the journal ends, and files that hold all of it.
struct OpenedLedger {
  std::unique_ptr<LedgerLog> log;
  std::unique_ptr<LedgerStore> store;
  std::uint64_t derived = 0;  // events whose entries were made again
};

struct LedgerPlace {
  std::filesystem::path folder;     // of the log's files
  std::filesystem::path published;  // the last checkpoint that was shown
  TransportKey region;
  Identity key;
};

/// Brings the files up to the journal and the log up to its last event.
///
/// The journal's newest head says which tree was signed; the events must give that very tree. Where what was
/// published is no beginning of it, the region was restored from behind: the log goes on under a new origin
/// that names what was published.
/// kCorrupt: events and head do not fit, or the published checkpoint cannot be read.
Result<OpenedLedger> open_ledger(SqliteJournal& journal, const LedgerPlace& place);

/// As open_ledger(), of a journal alone: makes the log from the first event and compares. What it has, or
/// nothing where the journal keeps no log.
Result<std::optional<LogHead>> replay_ledger(SqliteJournal& journal, const TransportKey& region,
                                             const Identity& key);

}  // namespace reeve::shell
