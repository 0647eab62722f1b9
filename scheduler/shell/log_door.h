#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "protocol/messages.h"
#include "protocol/units.h"

namespace reeve::shell {

/// Which pieces of logs a region takes: of attempts that their agent holds, or held a moment ago, and no more
/// than was agreed. A piece that it does not take is dropped in silence: leases end while pieces are on their
/// way.
class LogDoor {
 public:
  static constexpr std::uint32_t kRegionBytesPerSecond = 32U << 20;
  /// Of one agent: the most, where few are connected, and the least, which shows last words still.
  static constexpr std::uint32_t kAgentBytesPerSecond = 1U << 20;
  static constexpr std::uint32_t kLeastBytesPerSecond = 32U << 10;
  /// The last words of a task may come after its result.
  static constexpr Duration kAfter = seconds(30);
  static constexpr std::size_t kRemembered = 65'536;

  using Holds = std::function<bool(AttemptId, StepRef, TaskIndex)>;

  /// What a new conversation's agent is to keep to, where `connections` share the region.
  std::uint32_t open(AgentId agent, std::size_t connections, Time now);
  /// Takes out what is not taken.
  msg::LogPieces admit(AgentId agent, msg::LogPieces pieces, const Holds& holds, Time now);
  std::uint64_t refused_pieces() const { return refused_; }

 private:
  /// A bucket that fills by `bytes_per_s`, to two seconds' worth.
  struct Bucket {
    std::int64_t bytes_per_s = 0;
    std::int64_t bytes = 0;
    Time at;
    bool take(std::int64_t size, Time now);
  };
  struct Seen {
    AgentId agent;
    StepRef step;
    Time held;
  };
  bool is_of(AgentId agent, const msg::LogPiece& piece, const Holds& holds, Time now);

  std::map<AgentId, Bucket> buckets_;
  Bucket region_{kRegionBytesPerSecond, 2 * std::int64_t{kRegionBytesPerSecond}, {}};
  std::map<std::pair<AttemptId, TaskIndex>, Seen> seen_;
  std::uint64_t refused_ = 0;
};

}  // namespace reeve::shell
