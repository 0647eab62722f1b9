#pragma once

#include <vector>

#include "protocol/tlog/entry.h"
#include "scheduler/core/events.h"

/// What each event writes into the transparent log. A fold over the committed events and nothing else, so
/// that the log can be made again from the journal and its root compared.
namespace reeve::core {

/// What entries need to know of earlier events. Small, so that it is stored with every checkpoint.
struct EntryContext {
  Digest price_list;  // in force
  bool operator==(const EntryContext&) const = default;
};

template <class A>
void fields(A& a, EntryContext& c) {
  a(c.price_list);
}

/// Appends the entries of event `seq` to `out`, and takes from the event what later ones need. Together the
/// lines of all entries are the posted transfers of all events.
void append_ledger_entries(EntryContext& context, std::uint64_t seq, const Event& event,
                           std::vector<tlog::Entry>& out);

}  // namespace reeve::core
