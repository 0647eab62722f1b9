#include "scheduler/shell/log_door.h"

#include <algorithm>
#include <iterator>

namespace reeve::shell {
namespace {

/// A piece costs more than its text.
constexpr std::int64_t kPieceBytes = 64;

}  // namespace

bool LogDoor::Bucket::take(std::int64_t size, Time now) {
  const std::int64_t passed_us = std::clamp<std::int64_t>((now - at).ns / 1000, 0, 2'000'000);
  const std::int64_t earned = passed_us * bytes_per_s / 1'000'000;
  if (earned > 0) {
    bytes = std::min(bytes + earned, 2 * bytes_per_s);
    at = now;
  }
  if (bytes <= 0) return false;
  bytes -= size;
  return true;
}

std::uint32_t LogDoor::open(AgentId agent, std::size_t connections, Time now) {
  const auto share =
      kRegionBytesPerSecond / static_cast<std::uint32_t>(std::clamp<std::size_t>(connections, 1, 1U << 20));
  const std::uint32_t rate = std::clamp(share, kLeastBytesPerSecond, kAgentBytesPerSecond);
  if (buckets_.size() >= kRemembered && !buckets_.contains(agent)) buckets_.clear();
  // Twice as much as was agreed passes: messages come in bursts. Who reconnects gains nothing.
  const auto known = buckets_.find(agent);
  const std::int64_t bytes = known == buckets_.end() ? 4 * std::int64_t{rate} : known->second.bytes;
  buckets_[agent] = {2 * std::int64_t{rate}, bytes, known == buckets_.end() ? now : known->second.at};
  return rate;
}

bool LogDoor::is_of(AgentId agent, const msg::LogPiece& piece, const Holds& holds, Time now) {
  const std::pair key{piece.attempt, piece.task};
  if (holds(piece.attempt, piece.step, piece.task)) {
    if (seen_.size() >= kRemembered && !seen_.contains(key)) seen_.clear();
    seen_[key] = {agent, piece.step, now};
    return true;
  }
  const auto seen = seen_.find(key);
  return seen != seen_.end() && seen->second.agent == agent && seen->second.step == piece.step &&
         now <= seen->second.held + kAfter;
}

msg::LogPieces LogDoor::admit(AgentId agent, msg::LogPieces pieces, const Holds& holds, Time now) {
  const auto bucket = buckets_.find(agent);
  msg::LogPieces taken;
  for (msg::LogPiece& piece : pieces.pieces) {
    const std::int64_t size = static_cast<std::int64_t>(piece.text.size()) + kPieceBytes;
    if (bucket != buckets_.end() && bucket->second.take(size, now) && region_.take(size, now) &&
        is_of(agent, piece, holds, now)) {
      taken.pieces.push_back(std::move(piece));
    } else {
      ++refused_;
    }
  }
  return taken;
}

}  // namespace reeve::shell
