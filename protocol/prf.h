#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "protocol/messages.h"

namespace reeve {

/// The region's secret as a function: draws that nobody outside can predict and every replay repeats, and
/// tickets that prove a lease was made here. The only keys that come of it are those of gangs, which are
/// worth nothing once the gang has ended.
class Prf {
 public:
  explicit Prf(const std::array<std::uint8_t, 32>& secret);

  /// 64 uniform bits for these words (SipHash-2-4). `domain` keeps uses apart: no two draw from the same one.
  template <class... Word>
  std::uint64_t draw(std::uint32_t domain, std::uint64_t counter, Word... more) const {
    return draw_words(domain, {counter, static_cast<std::uint64_t>(more)...});
  }
  /// True in `ppm` of a million draws.
  template <class... Word>
  bool chance(std::uint32_t ppm, std::uint32_t domain, std::uint64_t counter, Word... more) const {
    return below(1'000'000, domain, counter, more...) < ppm;
  }
  /// Uniform in [0, bound); `bound` is at least 1.
  template <class... Word>
  std::uint64_t below(std::uint64_t bound, std::uint32_t domain, std::uint64_t counter, Word... more) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((Wide{draw(domain, counter, more...)} * bound) >> 64);
  }

  /// Proof that this region leased these tasks to this agent (keyed BLAKE2b, 16 bytes).
  msg::Ticket ticket(AttemptId attempt, AgentId agent, StepRef step, TaskRange tasks,
                     std::uint32_t replica) const;
  /// What the members of the gang that this attempt leads know each other by (keyed BLAKE2b, 32 bytes).
  msg::GangSecret gang_secret(AttemptId lead) const;
  /// In constant time.
  bool ticket_holds(const msg::Ticket& ticket, AttemptId attempt, AgentId agent, StepRef step,
                    TaskRange tasks, std::uint32_t replica) const;

 private:
  std::uint64_t draw_words(std::uint32_t domain, std::initializer_list<std::uint64_t> words) const;

  std::array<std::uint8_t, 16> draw_key_{};
  std::array<std::uint8_t, 32> ticket_key_{};
  std::array<std::uint8_t, 32> gang_key_{};
};

}  // namespace reeve
