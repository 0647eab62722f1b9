#include "scheduler/shell/event_rows.h"

#include "protocol/archive.h"

namespace reeve::shell {

Result<void> for_each_event(const JournalRow& row, std::uint64_t from_seq, const EventVisitor& visit) {
  Reader reader(row.events);
  core::Event event;
  for (std::uint64_t seq = row.first_seq; seq <= row.last_seq(); ++seq) {
    const ByteView bytes = reader.raw(reader.count());
    if (reader.ok() && seq < from_seq) continue;
    Reader one(bytes);
    if (!reader.ok() || !core::decode_event(one, event) || !one.at_end())
      return Error{ErrorCode::kCorrupt, "event " + std::to_string(seq) + " of the journal cannot be read",
                   "use the release that wrote it, or restore journal.db from a backup"};
    if (Result<void> done = visit(seq, event); !done) return done;
  }
  if (!reader.at_end())
    return Error{ErrorCode::kCorrupt,
                 "the row of events " + std::to_string(row.first_seq) + " to " +
                     std::to_string(row.last_seq()) + " holds more bytes than its events",
                 "restore journal.db from a backup"};
  return {};
}

Error misfit_error(std::uint64_t seq, const core::Event& event, const std::string& rule) {
  return {ErrorCode::kCorrupt,
          "event " + std::to_string(seq) + " of the journal (" + core::event_name(event) +
              ") does not fit what came before it: " + rule,
          "the journal was changed, or written by a release with a fault: restore journal.db from a backup"};
}

}  // namespace reeve::shell
