#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agent/worker/directives.h"

namespace reeve::agent::worker {

/// What a task's programs write, on its way to whoever watches: gathered into pieces, bounded, and never in
/// the programs' way. What cannot leave in time is dropped, the oldest first, and the next piece's offset
/// shows it.
class TaskLog {
 public:
  /// The first words leave as fast as they come: half of what a region keeps of a log.
  static constexpr std::uint64_t kHeadBytes = 512U << 10;
  /// Later ones at this rate: enough to watch, little enough for a region with a thousand such tasks.
  static constexpr std::uint64_t kBytesPerSecond = 64U << 10;
  /// So much waits at most; at the task's end it leaves whole, for the last words say why.
  static constexpr std::size_t kWaitingBytes = 64U << 10;
  /// A piece leaves once it is full (limits::kLogPieceBytes) or this old.
  static constexpr std::int64_t kPieceNs = 200'000'000;
  /// A longer line leaves in parts, or not at all where something is to be hidden in it.
  static constexpr std::size_t kLineBytes = 64U << 10;

  /// Takes a clean piece away. False: there is no room now; it is offered again. At the end of a task it
  /// `must`.
  using Send = std::function<bool(std::uint64_t offset, std::string text, bool must)>;
  explicit TaskLog(Send send) : send_(std::move(send)) {}

  /// One stream's next bytes, whose whole lines `directives` has heard.
  void hear(const Directives& directives, std::string_view text, bool errors, std::int64_t now_ns);
  /// Time has passed: what is old enough leaves, unfinished lines too where nothing is to be hidden.
  void look(const Directives& directives, std::int64_t now_ns);
  /// An action is over: what stands behind the last line end is a line.
  void end_action(const Directives& directives, std::int64_t now_ns);
  /// The task is over.
  void end();

 private:
  struct Stream {
    std::string line;  // not ended yet
    std::int64_t since_ns = 0;
    bool cut = false;  // it was longer, and what is kept of it is not shown
  };

  void hear_line(const Directives& directives, Stream& stream, std::string_view rest);
  void keep(const Directives& directives, Stream& stream, std::string_view text, std::int64_t now_ns);
  void append(std::string_view text);
  void drop_oldest();
  void push(std::int64_t now_ns);
  bool send_piece(std::size_t bytes, bool must);

  Send send_;
  std::array<Stream, 2> streams_;  // standard output, standard error
  std::string waiting_;
  std::uint64_t offset_ = 0;  // of what waits
  std::uint64_t allowed_ = kHeadBytes;
  std::int64_t allowed_at_ns_ = 0;
  std::int64_t sent_at_ns_ = 0;
};

}  // namespace reeve::agent::worker
