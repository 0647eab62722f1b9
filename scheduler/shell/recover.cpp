#include "scheduler/shell/recover.h"

#include "scheduler/shell/event_rows.h"

namespace reeve::shell {
namespace {

constexpr std::uint64_t kRowsPerTransaction = 50'000;  // events between commits while the view catches up

Result<std::uint64_t> load_snapshot(Journal& journal, std::uint64_t up_to_seq, core::Durable& state) {
  Result<std::optional<Snapshot>> snapshot = journal.latest_snapshot(up_to_seq);
  if (!snapshot) return snapshot.error();
  if (!snapshot->has_value()) return std::uint64_t{0};
  if (core::decode_state((*snapshot)->state, state)) return (*snapshot)->seq;
  state = core::Durable();  // of an older format, or damaged: the events are what counts
  return std::uint64_t{0};
}

}  // namespace

Result<Recovered> recover(Journal& journal, std::unique_ptr<ViewDatabase> view) {
  core::Durable state;
  const std::uint64_t view_seq = view->seq();
  Result<std::uint64_t> from = load_snapshot(journal, view_seq, state);
  if (!from) return from.error();
  Recovered recovered;
  bool writing = false;
  const auto visit = [&](std::uint64_t seq, const core::Event& event) -> Result<void> {
    ++recovered.replayed;
    if (seq <= view_seq) {
      const std::string misfit = core::try_apply_event(state, event);
      return misfit.empty() ? Result<void>() : misfit_error(seq, event, misfit);
    }
    if (seq == view_seq + 1) view->set_shadow(std::move(state));
    if (!writing) {
      if (Result<void> done = view->begin(); !done) return done;
      writing = true;
    }
    if (Result<void> done = view->record(seq, event); !done) return done;
    if (seq % kRowsPerTransaction != 0) return {};
    writing = false;
    return view->commit();
  };
  Result<void> read =
      journal.read(*from + 1, [&](const JournalRow& row) { return for_each_event(row, *from + 1, visit); });
  if (!read) return read.error();
  if (writing)
    if (Result<void> done = view->commit(); !done) return done.error();
  if (view_seq == journal.last_seq()) view->set_shadow(std::move(state));
  recovered.seq = journal.last_seq();
  recovered.view = std::move(view);
  return recovered;
}

Result<core::Durable> replay_from_zero(Journal& journal, const ReplayVisitor& visit) {
  core::Durable state;
  Result<void> read = journal.read(1, [&](const JournalRow& row) {
    return for_each_event(row, 1, [&](std::uint64_t seq, const core::Event& event) -> Result<void> {
      if (Result<void> done = visit(seq, event, state); !done) return done;
      const std::string misfit = core::try_apply_event(state, event);
      return misfit.empty() ? Result<void>() : misfit_error(seq, event, misfit);
    });
  });
  if (!read) return read.error();
  return state;
}

}  // namespace reeve::shell
