#pragma once

#include <functional>
#include <memory>

#include "protocol/result.h"
#include "scheduler/core/durable.h"
#include "scheduler/shell/journal.h"
#include "scheduler/shell/view_database.h"

namespace reeve::shell {

/// What a start found: state() is that after event seq.
struct Recovered {
  std::unique_ptr<ViewDatabase> view;  // its shadow is the recovered state
  std::uint64_t seq = 0;
  std::uint64_t replayed = 0;  // events since the snapshot

  const core::Durable& state() const { return view->shadow(); }
};

/// Newest snapshot that the view has reached, then every later event; rows that the view lacks are written.
Result<Recovered> recover(Journal& journal, std::unique_ptr<ViewDatabase> view);

/// Replays from the first event on, trusting no snapshot: `visit` sees each event with the state before it,
/// and may end the replay with an error. kCorrupt names the first event that does not fit.
using ReplayVisitor =
    std::function<Result<void>(std::uint64_t seq, const core::Event& event, const core::Durable& before)>;
Result<core::Durable> replay_from_zero(Journal& journal, const ReplayVisitor& visit);

}  // namespace reeve::shell
