#include "client/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "client/quantities.h"

namespace reeve::client {
namespace {

constexpr double kMemorySeconds = 60;
constexpr std::size_t kBarWidth = 24;
constexpr Duration kLineEvery = seconds(10);   // while something moves,
constexpr Duration kStillEvery = seconds(60);  // and while nothing does

std::string format_rate(double rate) {
  char text[32];
  const bool slow = rate < 0.1;
  std::snprintf(text, sizeof text, rate >= 100 ? "%.0f/%s" : "%.1f/%s", slow ? rate * 60 : rate,
                slow ? "min" : "s");
  return text;
}

}  // namespace

void ProgressMeter::update(Time now, const Counts& counts) {
  const std::uint64_t ended = counts.settled + counts.failed;
  counts_ = counts;
  if (!since_) {
    since_ = now;
    ended_at_since_ = ended;
    return;
  }
  const double elapsed = static_cast<double>((now - *since_).ns) / 1e9;
  if (ended <= ended_at_since_ || elapsed <= 0) return;
  const double fresh = static_cast<double>(ended - ended_at_since_) / elapsed;
  const double keep = std::exp(-elapsed / kMemorySeconds);
  rate_ = rate_ ? keep * *rate_ + (1 - keep) * fresh : fresh;
  since_ = now;
  ended_at_since_ = ended;
}

std::optional<Duration> ProgressMeter::remaining() const {
  if (!rate_ || *rate_ <= 0) return std::nullopt;
  const std::uint64_t ended = std::min(counts_.tasks, counts_.settled + counts_.failed);
  const double left_s = static_cast<double>(counts_.tasks - ended) / *rate_;
  return Duration{static_cast<std::int64_t>(std::min(left_s, 1e9) * 1e9)};
}

std::string ProgressMeter::line() const {
  const std::uint64_t ended = std::min(counts_.tasks, counts_.settled + counts_.failed);
  const std::size_t full =
      counts_.tasks == 0 ? 0 : static_cast<std::size_t>(ended * kBarWidth / counts_.tasks);
  std::string text = "[" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "] " +
                     format_count(counts_.settled) + "/" + format_count(counts_.tasks) + " tasks";
  if (counts_.failed > 0) text += ", " + format_count(counts_.failed) + " failed";
  text += ", " + format_count(counts_.running) + " running";
  if (rate_) text += ", " + format_rate(*rate_);
  if (const auto left = remaining(); left && ended < counts_.tasks)
    text += ", " + format_duration(*left) + " left";
  return text;
}

bool ProgressPace::due(Time now, std::uint64_t done, std::uint64_t total) {
  const std::uint64_t tenth = total == 0 ? 0 : done * 10 / total;
  const Duration pause = done != said_done_ ? kLineEvery : kStillEvery;
  if (said_ && tenth == said_tenth_ && now - *said_ < pause) return false;
  said_ = now;
  said_done_ = done;
  said_tenth_ = tenth;
  return true;
}

}  // namespace reeve::client
