#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "scheduler/core/events.h"
#include "scheduler/shell/journal.h"

namespace reeve::shell {

using EventVisitor = std::function<Result<void>(std::uint64_t seq, const core::Event& event)>;

/// Decodes the events of a row that are numbered `from_seq` or later, in order. kCorrupt names the event that
/// is none.
Result<void> for_each_event(const JournalRow& row, std::uint64_t from_seq, const EventVisitor& visit);

/// kCorrupt: an event that can be read breaks a rule. Names the event and the rule.
Error misfit_error(std::uint64_t seq, const core::Event& event, const std::string& rule);

}  // namespace reeve::shell
