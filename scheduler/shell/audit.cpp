#include "scheduler/shell/audit.h"

#include <algorithm>

#include "protocol/digest.h"
#include "scheduler/shell/audit_evidence.h"
#include "scheduler/shell/event_rows.h"
#include "scheduler/shell/open_ledger.h"
#include "scheduler/shell/recover.h"
#include "scheduler/shell/region_dir.h"
#include "scheduler/shell/sqlite_journal.h"

namespace reeve::shell {
namespace {

/// A window of events in which a rule was broken is looked through in this many steps, until it is this
/// small.
constexpr std::uint64_t kLooks = 256;

/// Ends a replay that has seen what it was made for.
Error enough() {
  return {ErrorCode::kTimeout, "", ""};
}

/// Looks at the books after every `stride`-th event of (good, bad], and narrows the window to where they
/// break.
struct Window {
  std::uint64_t good = 0;
  std::uint64_t bad = 0;

  void narrow(Journal& journal, std::uint64_t stride) {
    const Window before = *this;
    const auto visit = [&](std::uint64_t seq, const core::Event&,
                           const core::Durable& state) -> Result<void> {
      const std::uint64_t last = seq - 1;
      if (last > before.bad) return enough();
      if (last <= before.good || (last - before.good) % stride != 0) return {};
      if (core::broken_invariant(state).empty())
        good = last, bad = before.bad;
      else if (bad == before.bad)
        bad = last;
      return {};
    };
    (void)replay_from_zero(journal, visit).ok();
  }
};

/// The event with which the books broke for good; between two events of one decision they may be out of step.
std::uint64_t first_broken(Journal& journal) {
  Window window{0, journal.last_seq()};
  while (window.bad - window.good > 1) {
    const std::uint64_t width = window.bad - window.good;
    window.narrow(journal, std::max<std::uint64_t>(1, width / kLooks));
    if (window.bad - window.good == width) break;
  }
  return window.bad;
}

struct Replayed {
  core::Durable state;
  Digest watched;  // of the encoded state after the watched event
};

Result<Replayed> replay(Journal& journal, std::uint64_t watch_seq) {
  Replayed replayed;
  AuditEvidence evidence;
  const auto visit = [&](std::uint64_t seq, const core::Event& event,
                         const core::Durable& before) -> Result<void> {
    if (seq == watch_seq + 1) replayed.watched = sha256(core::encode_state(before));
    const std::string why = evidence.look(before, event);
    return why.empty() ? Result<void>() : misfit_error(seq, event, why);
  };
  Result<core::Durable> state = replay_from_zero(journal, visit);
  if (!state) return state.error();
  if (watch_seq == journal.last_seq()) replayed.watched = sha256(core::encode_state(*state));
  replayed.state = std::move(*state);
  return replayed;
}

Result<void> check_snapshot(const std::optional<Snapshot>& snapshot, const Digest& replayed) {
  if (!snapshot || sha256(snapshot->state) == replayed) return {};
  return Error{
      ErrorCode::kCorrupt,
      "the snapshot of event " + std::to_string(snapshot->seq) + " is not the state that the events give",
      "an event up to that one was changed, or the snapshot was: restore journal.db from a backup"};
}

/// The transparent log that the events give is the one that was signed.
Result<void> check_log(SqliteJournal& journal, const RegionDir& dir, AuditReport& report) {
  const Result<std::optional<Bytes>> head = journal.log_head();
  if (!head) return head.error();
  if (!*head) return {};
  const Result<Identity> key = load_or_make_log_key(dir.path);
  if (!key) return key.error();
  const Result<std::optional<LogHead>> log = replay_ledger(journal, dir.server_key.public_key(), *key);
  if (!log) return log.error();
  if (!*log) return {};
  report.log_entries = (*log)->tree.size();
  report.log_root = (*log)->tree.root();
  return {};
}

}  // namespace

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
  const Result<Replayed> replayed = replay(**journal, snapshot->has_value() ? (*snapshot)->seq : 0);
  if (!replayed) return replayed.error();
  const core::Durable& state = replayed->state;
  if (const std::string broken = core::broken_invariant(state); !broken.empty())
    return Error{ErrorCode::kCorrupt,
                 "from event " + std::to_string(first_broken(**journal)) +
                     " on a rule of the books does not hold: " + broken,
                 "the journal was changed, or the release has a fault: restore journal.db from a backup"};
  report.snapshot_compared = snapshot->has_value();
  if (Result<void> done = check_snapshot(*snapshot, replayed->watched); !done) return done.error();
  if (Result<void> done = check_log(**journal, *dir, report); !done) return done.error();
  report.events = (*journal)->last_seq();
  report.jobs = state.next_job - 1;
  report.accounts = state.ledger.accounts().size();
  report.settled_tasks = state.settled_tasks;
  report.state = sha256(core::encode_state(state));
  return report;
}

}  // namespace reeve::shell
