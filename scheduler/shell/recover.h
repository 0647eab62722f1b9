#pragma once

#include <memory>

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

/// The state after all events, from the first one on: no snapshot is trusted. `watched` is the digest of the
/// encoded state after event `watch_seq`.
struct Replay {
  core::Durable state;
  std::uint64_t events = 0;
  Digest watched;
};
Result<Replay> replay_from_zero(Journal& journal, std::uint64_t watch_seq);

}  // namespace reeve::shell
