#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "agent/shell/runner.h"
#include "protocol/messages.h"
#include "protocol/units.h"

namespace reeve::agent {

/// Hands what programs write on to the region, as much of it as the region takes. What waits too long is
/// dropped, the oldest first: nothing ever waits for a log.
class LogSender {
 public:
  /// What waits for the region's leave: some tasks' last words.
  static constexpr std::size_t kWaitingBytes = 512U << 10;

  /// A conversation begins whose region takes `bytes_per_s`; 0: it takes none.
  void open(std::uint32_t bytes_per_s, Time now);
  /// The conversation is over: what waits stays for the next.
  void close() { bytes_per_s_ = 0; }

  void take(std::vector<TaskText> texts);
  /// What may leave now, in messages. Call it again while waits().
  std::vector<msg::LogPieces> next(Time now);
  bool waits() const { return bytes_per_s_ > 0 && !waiting_.empty(); }
  std::size_t waiting_bytes() const { return bytes_; }

 private:
  void earn(Time now);

  std::uint32_t bytes_per_s_ = 0;
  std::int64_t allowed_ = 0;  // bytes; the last piece may go below zero
  Time allowed_at_;
  std::deque<TaskText> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace reeve::agent
