#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace reeve::shell {

/// Numbers of the loop that other threads read.
struct Metrics {
  using Counter = std::atomic<std::uint64_t>;

  /// Upper bounds of the turn histogram, in microseconds; the last bucket takes the rest.
  static constexpr std::array<std::uint64_t, 8> kTurnBounds_us = {50,   200,  500,   1000,
                                                                  2000, 5000, 20000, 100000};

  Counter messages_received{0};
  Counter bytes_received{0};
  Counter messages_sent{0};
  Counter messages_refused{0};
  Counter peers_dropped{0};
  Counter events{0};
  Counter tasks_settled{0};
  Counter connections{0};
  Counter agents_online{0};
  Counter effects_waiting{0};
  Counter log_pieces_refused{0};
  Counter turns{0};
  Counter turn_ns{0};
  std::array<Counter, kTurnBounds_us.size() + 1> turn_buckets{};

  void count_turn(std::uint64_t spent_ns) {
    ++turns;
    turn_ns += spent_ns;
    std::size_t bucket = 0;
    while (bucket < kTurnBounds_us.size() && spent_ns > kTurnBounds_us[bucket] * 1000)
      ++bucket;
    ++turn_buckets[bucket];
  }
};

}  // namespace reeve::shell
