#pragma once

#include <string>
#include <vector>

#include "protocol/digest.h"
#include "protocol/tlog/entry.h"

namespace reeve::tlog {

/// One entry of every kind.
inline std::vector<Entry> sample_entries() {
  const Digest digest = sha256(as_bytes("a digest"));
  const Line pay{LineCode::kSettle, {AccountKind::kEscrow, 7}, {AccountKind::kHeld, 3}, 950};
  const Line fee{LineCode::kFee, {AccountKind::kEscrow, 7}, {AccountKind::kFee, 0}, 50};
  const std::vector<EntryBody> bodies{
      Fund{PartyId(2), {{LineCode::kFund, {}, {AccountKind::kAvailable, 2}, 5'000'000}}},
      EscrowHold{JobId(7), {pay}},
      Acknowledged{AttemptId(1ULL << 40), AgentId(4), PartyId(3), {JobId(7), 1}, {0, 100}, 0, digest, 2, 5},
      Settlement{AttemptId(9),
                 AgentId(4),
                 PartyId(3),
                 {JobId(7), 1},
                 0,
                 {{0, 10}, {20, 5}},
                 3,
                 1000,
                 50,
                 digest,
                 {pay, fee}},
      Refund{JobId(7), {pay}},
      Slash{PartyId(3), {JobId(7), 1}, 12, {pay}},
      Vest{PartyId(3), 17, {pay}},
      Correction{JobId(7), {pay}},
      PriceList{10, 100'000'000'000, 500, 50'000'000},
      KeyAdd{PartyId(3), AgentId(4), Role::kAgent, digest, digest},
      KeyRevoke{PartyId(3), {}},
      Quote{JobId(7), PartyId(2), 0, digest, {{100, 5'000'000'000, 1, 510}, {1, 0, 4, 40}}},
      Verdict{{JobId(7), 1}, 12, {AttemptId(9), AttemptId(10)}, PartyId(3), 2, AgentId(5)},
      LogOpen{2, "reeve/0123/1", 700, digest},
  };
  std::vector<Entry> entries;
  for (const EntryBody& body : bodies)
    entries.push_back({1000 + entries.size(), 0, Time{1'764'400'000'000'000'000}, body});
  return entries;
}

}  // namespace reeve::tlog
