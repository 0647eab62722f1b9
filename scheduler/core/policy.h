#pragma once

#include <cstdint>

#include "protocol/units.h"

namespace reeve::core {

/// A region's parameters. Journaled: a change is an event, so old facts keep the rules they were decided by.
struct Policy {
  // trust (ADR-free defaults of the design; each bounded in registry.cpp)
  std::uint32_t probation_tasks = 20;  // an owner's first tasks are all run by a second owner
  std::uint32_t floor_ppm = 20'000;    // of all later tasks, at any reputation, in millionths
  std::uint32_t strikes = 2;           // disproved results until an owner is convicted
  std::uint32_t vest_tasks =
      500;                        // an accepted task vests once its owner had this many accepted after it ...
  Duration vest_age = hours(72);  // ... or after this long

  // time
  Duration lease = seconds(30);               // renewed by heartbeats
  Duration agent_timeout = seconds(15);       // silence after which an agent's leases return
  Duration opening_deadline = seconds(60);    // to open a disputed result
  Duration upload_deadline = seconds(300);    // to upload an accepted result
  Duration work_in_hand = milliseconds(200);  // of expected work per agent beyond one task a slot

  // money, integers
  MicroCredits base_price = 10;                         // per accepted task
  std::uint64_t work_price_per_1e12 = 100'000'000'000;  // micro-credits per 10^12 units of leaf work
  std::uint32_t fee_bp = 500;                           // the operator's share, in basis points
  std::uint32_t escrow_window_tasks = 4096;             // tasks whose worst case is held at a time
  MicroCredits stake_target = 50'000'000;               // withheld from first earnings until reached

  // bounds
  std::uint32_t open_jobs_per_requester = 1'000'000;
  std::uint32_t agents_per_owner = 10'000;

  bool operator==(const Policy&) const = default;
};

template <class A>
void fields(A& a, Policy& p) {
  a(p.probation_tasks, p.floor_ppm, p.strikes, p.vest_tasks, p.vest_age, p.lease, p.agent_timeout,
    p.opening_deadline, p.upload_deadline, p.work_in_hand, p.base_price, p.work_price_per_1e12, p.fee_bp,
    p.escrow_window_tasks, p.stake_target, p.open_jobs_per_requester, p.agents_per_owner);
}

}  // namespace reeve::core
