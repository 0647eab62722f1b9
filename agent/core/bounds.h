#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/limits.h"
#include "protocol/units.h"

/// What bounds an agent, each with its reason. The wire's own bounds are in protocol/limits.h.
namespace reeve::agent::bounds {

/// Work that a slot has in hand: enough to hide a round trip, little enough not to hoard long tasks.
inline constexpr Duration kWorkPerSlot = milliseconds(200);
/// One runs, one waits.
inline constexpr std::uint32_t kLeastTasksPerSlot = 2;
/// Work of one hand-off to a worker: what a crash or a cancel may disturb.
inline constexpr Duration kWorkPerBatch = milliseconds(50);
/// Tasks of one hand-off: beyond this a larger one no longer saves anything.
inline constexpr std::uint32_t kTasksPerBatch = 1024;
/// Hand-offs that a slot holds: one runs, one waits in the pipe (short tasks only).
inline constexpr std::uint32_t kBatchesPerSlot = 2;
/// Recomputations that may wait at a referee.
inline constexpr std::uint32_t kWaitingLeaves = 4096;
/// Comparisons that may wait at a referee: at a second each, minutes of them.
inline constexpr std::size_t kWaitingComparisons = 256;
/// Comparisons whose results are fetched ahead of a free slot: each may pin gigabytes of the disk.
inline constexpr std::size_t kComparisonsAhead = 1;
/// A comparator that takes longer has found no answer: two pictures of the largest size take seconds.
inline constexpr Duration kComparisonTime = seconds(240);
/// A comparator ends so long before its lease does, so that its answer comes in time.
inline constexpr Duration kComparisonMargin = seconds(10);
/// Finished tasks that nobody acknowledged; beyond them the agent takes no more.
inline constexpr std::uint64_t kUnackedTasks = 65536;

/// A report is sent once it is this large, or this old, or when nothing else is under way.
inline constexpr std::uint32_t kReportTasks = 512;
inline constexpr std::size_t kReportBytes = 256U << 10;
inline constexpr Duration kReportAge = milliseconds(5);
/// A report that nobody acknowledged is sent again.
inline constexpr Duration kResendAfter = seconds(10);
/// Inline results that nobody acknowledged for this long are written to the disk.
inline constexpr Duration kPersistAfter = seconds(1);

inline constexpr Duration kHeartbeatEvery = seconds(5);
inline constexpr Duration kFirstRetry = milliseconds(200);
inline constexpr Duration kLongestRetry = seconds(30);
/// A conversation that does not open within this time is begun anew.
inline constexpr Duration kConnectPatience = seconds(10);
/// From SIGTERM to the end; a service manager's own patience is longer.
inline constexpr Duration kStopPatience = seconds(8);
/// Of that, what running programs have to end as they were told; the rest is for reporting.
inline constexpr Duration kStopNotice = seconds(6);

static_assert(kReportTasks <= limits::kTasksPerSection);
static_assert(4 * kReportBytes <= limits::kControlMessageBytes,
              "a full report and one more section fit a message");

}  // namespace reeve::agent::bounds
