#pragma once

#include <map>
#include <string>
#include <vector>

#include "scheduler/core/durable.h"
#include "scheduler/core/ledger_entries.h"

namespace reeve::core {

/// The entries that these events, the first ones of a region, write into its log.
inline std::vector<tlog::Entry> entries_of(const std::vector<Event>& events) {
  std::vector<tlog::Entry> entries;
  EntryContext context;
  std::uint64_t seq = 0;
  for (const Event& event : events)
    append_ledger_entries(context, ++seq, event, entries);
  return entries;
}

/// Adds up the entries' lines. "", or the account whose balance is not the ledger's.
inline std::string account_unlike_entries(const std::vector<tlog::Entry>& entries, const Ledger& ledger) {
  std::map<tlog::AccountRef, MicroCredits> balances;
  for (const tlog::Entry& entry : entries)
    if (const tlog::Lines* lines = tlog::lines_of(entry.body))
      for (const tlog::Line& line : *lines) {
        balances[line.debit] -= line.amount;
        balances[line.credit] += line.amount;
      }
  const auto named = [](const tlog::AccountRef& ref, MicroCredits ours, MicroCredits theirs) {
    return "account kind " + std::to_string(static_cast<int>(ref.kind)) + " of " + std::to_string(ref.owner) +
           ": the entries give " + std::to_string(ours) + ", the ledger " + std::to_string(theirs);
  };
  for (const auto& [key, account] : ledger.accounts()) {
    const tlog::AccountRef ref{static_cast<tlog::AccountKind>(key.kind), key.owner};
    if (balances[ref] != account.balance()) return named(ref, balances[ref], account.balance());
    balances.erase(ref);
  }
  for (const auto& [ref, balance] : balances)  // the ledger forgets accounts that hold nothing
    if (balance != 0) return named(ref, balance, 0);
  return "";
}

}  // namespace reeve::core
