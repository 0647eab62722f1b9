#include "agent/shell/log_sender.h"

#include <algorithm>

#include "protocol/limits.h"

namespace reeve::agent {
namespace {

/// A piece costs more than its text: ids, a row where it is kept.
constexpr std::size_t kPieceBytes = 64;

std::size_t cost_of(const TaskText& text) {
  return text.text.size() + kPieceBytes;
}

}  // namespace

void LogSender::open(std::uint32_t bytes_per_s, Time now) {
  bytes_per_s_ = bytes_per_s;
  allowed_ = bytes_per_s;
  allowed_at_ = now;
}

void LogSender::take(std::vector<TaskText> texts) {
  for (TaskText& text : texts) {
    bytes_ += cost_of(text);
    waiting_.push_back(std::move(text));
  }
  while (bytes_ > kWaitingBytes) {
    bytes_ -= cost_of(waiting_.front());
    waiting_.pop_front();
  }
}

/// At most a second's worth is saved up.
void LogSender::earn(Time now) {
  const std::int64_t passed_ns = std::clamp<std::int64_t>((now - allowed_at_).ns, 0, 1'000'000'000);
  const std::int64_t earned = passed_ns / 1000 * bytes_per_s_ / 1'000'000;
  if (earned == 0) return;
  allowed_ = std::min<std::int64_t>(allowed_ + earned, bytes_per_s_);
  allowed_at_ = now;
}

std::vector<msg::LogPieces> LogSender::next(Time now) {
  std::vector<msg::LogPieces> messages;
  if (!waits()) return messages;
  earn(now);
  while (!waiting_.empty() && allowed_ > 0) {
    if (messages.empty() || messages.back().pieces.size() == limits::kLogPiecesPerMessage)
      messages.emplace_back();
    TaskText& text = waiting_.front();
    const std::size_t cost = cost_of(text);
    messages.back().pieces.push_back({text.attempt, text.step, text.task, text.offset, std::move(text.text)});
    allowed_ -= static_cast<std::int64_t>(cost);
    bytes_ -= cost;
    waiting_.pop_front();
  }
  return messages;
}

}  // namespace reeve::agent
