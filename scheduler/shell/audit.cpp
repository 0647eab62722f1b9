#include "scheduler/shell/audit.h"

#include "protocol/digest.h"
#include "scheduler/shell/recover.h"
#include "scheduler/shell/region_dir.h"
#include "scheduler/shell/sqlite_journal.h"

namespace reeve::shell {

Result<AuditReport> audit_region(const std::filesystem::path& path) {
  Result<RegionDir> dir = open_region(path);
  if (!dir) return dir.error();
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(dir->journal());
  if (!journal) return journal.error();
  AuditReport report;
  Result<Digest> chain = (*journal)->verify_chain();
  if (!chain) return chain.error();
  report.chain = *chain;
  Result<std::optional<Snapshot>> snapshot = (*journal)->latest_snapshot((*journal)->last_seq());
  if (!snapshot) return snapshot.error();
  Result<Replay> replay =
      replay_from_zero(**journal, snapshot->has_value() ? (*snapshot)->seq : std::uint64_t{0});
  if (!replay) return replay.error();
  report.snapshot_compared = snapshot->has_value();
  if (report.snapshot_compared && sha256((*snapshot)->state) != replay->watched)
    return Error{ErrorCode::kCorrupt,
                 "the snapshot of event " + std::to_string((*snapshot)->seq) +
                     " is not the state that the events give",
                 "the events are what counts: tell the developers"};
  const std::string broken = core::broken_invariant(replay->state);
  if (!broken.empty())
    return Error{ErrorCode::kCorrupt, "a rule of the books does not hold: " + broken,
                 "tell the developers, with a copy of journal.db"};
  report.events = replay->events;
  report.jobs = replay->state.next_job - 1;
  report.accounts = replay->state.ledger.accounts().size();
  report.settled_tasks = replay->state.settled_tasks;
  report.state = sha256(core::encode_state(replay->state));
  return report;
}

}  // namespace reeve::shell
