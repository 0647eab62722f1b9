#include "scheduler/shell/ledger_journal.h"

#include "scheduler/shell/event_rows.h"

namespace reeve::shell {

Result<void> LedgerJournal::append(std::span<const JournalRow> rows) {
  for (const JournalRow& row : rows) {
    const auto add = [this](std::uint64_t seq, const core::Event& event) -> Result<void> {
      log_.add(seq, event);
      return {};
    };
    if (Result<void> done = for_each_event(row, row.first_seq, add); !done) return done;
  }
  const Bytes head = encode_log_head(log_.seal());
  if (Result<void> done = journal_.append_with(rows, head); !done) return done;
  committed_(log_.take());
  return {};
}

}  // namespace reeve::shell
