#include "agent/worker/task_log.h"

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/utf8.h"

namespace reeve::agent::worker {
namespace {

constexpr std::string_view kSecretLine = "openjd_redacted_env:";
constexpr std::int64_t kSecondNs = 1'000'000'000;
/// Smaller pieces than this are not worth a message while more waits.
constexpr std::uint64_t kLeastPiece = 4096;
/// To begin with a whole line, so much more is dropped at most.
constexpr std::size_t kLineStartBytes = 4096;

/// True if a line that begins like this must be heard whole before any of it is shown.
bool may_be_secret(std::string_view line) {
  const std::size_t n = std::min(line.size(), kSecretLine.size());
  return line.substr(0, n) == kSecretLine.substr(0, n);
}

}  // namespace

void TaskLog::hear(const Directives& directives, std::string_view text, bool errors, std::int64_t now_ns) {
  Stream& stream = streams_[errors ? 1 : 0];
  while (!text.empty()) {
    const bool plain = directives.shows_all() && !stream.cut;
    const std::size_t end = plain ? text.rfind('\n') : text.find('\n');
    if (end == std::string_view::npos) {
      keep(directives, stream, text, now_ns);
      break;
    }
    if (plain) {  // whole lines, as many as there are
      append(stream.line);
      append(text.substr(0, end + 1));
      stream.line.clear();
    } else {
      hear_line(directives, stream, text.substr(0, end));
    }
    text.remove_prefix(end + 1);
  }
  push(now_ns);
}

void TaskLog::hear_line(const Directives& directives, Stream& stream, std::string_view rest) {
  const bool too_long = stream.cut || stream.line.size() + rest.size() > kLineBytes;
  if (!directives.hides_all()) {
    stream.line.append(too_long ? std::string_view() : rest);
    append(too_long ? "[a line of more than 64 KiB, in which something may be hidden]"
                    : directives.shown(stream.line));
    append("\n");
  }
  stream.line.clear();
  stream.cut = false;
}

/// What no line end follows yet.
void TaskLog::keep(const Directives& directives, Stream& stream, std::string_view text, std::int64_t now_ns) {
  if (stream.line.empty()) stream.since_ns = now_ns;
  if (stream.cut) return;
  if (stream.line.size() + text.size() <= kLineBytes) {
    stream.line.append(text);
  } else if (directives.shows_all() && !may_be_secret(stream.line + std::string(text.substr(0, 32)))) {
    append(stream.line);
    append(text);
    stream.line.clear();
  } else {
    stream.cut = true;
  }
}

void TaskLog::append(std::string_view text) {
  waiting_.append(text);
  if (waiting_.size() <= 2 * kWaitingBytes) return;
  push(allowed_at_ns_);
  drop_oldest();
}

/// What remains begins with a whole line, where one begins near.
void TaskLog::drop_oldest() {
  if (waiting_.size() <= kWaitingBytes) return;
  std::size_t gone = waiting_.size() - kWaitingBytes;
  const std::size_t line = waiting_.find('\n', gone - 1);
  if (line != std::string::npos && line - gone < kLineStartBytes) gone = line + 1;
  waiting_.erase(0, gone);
  offset_ += gone;
}

void TaskLog::look(const Directives& directives, std::int64_t now_ns) {
  for (Stream& stream : streams_) {
    if (stream.line.empty() || stream.cut || now_ns - stream.since_ns < kPieceNs) continue;
    if (!directives.shows_all() || may_be_secret(stream.line)) continue;
    const std::size_t whole = whole_utf8(stream.line);
    append(std::string_view(stream.line).substr(0, whole));
    stream.line.erase(0, whole);
  }
  push(now_ns);
}

void TaskLog::end_action(const Directives& directives, std::int64_t now_ns) {
  for (Stream& stream : streams_)
    if (!stream.line.empty()) hear_line(directives, stream, "");
  push(now_ns);
}

void TaskLog::push(std::int64_t now_ns) {
  if (allowed_ < kWaitingBytes && now_ns > allowed_at_ns_) {
    const auto earned = static_cast<std::uint64_t>(std::min(now_ns - allowed_at_ns_, kSecondNs)) *
                        kBytesPerSecond / kSecondNs;
    if (earned == 0) return;
    allowed_ = std::min<std::uint64_t>(allowed_ + earned, kWaitingBytes);
  }
  allowed_at_ns_ = now_ns;
  while (!waiting_.empty()) {
    const bool due = waiting_.size() >= limits::kLogPieceBytes || now_ns - sent_at_ns_ >= kPieceNs;
    if (!due || allowed_ < std::min<std::uint64_t>(waiting_.size(), kLeastPiece)) return;
    if (!send_piece(static_cast<std::size_t>(std::min<std::uint64_t>(waiting_.size(), allowed_)), false))
      return;
    sent_at_ns_ = now_ns;
  }
}

/// At most `bytes` of what waits: up to a line's end where there is one, and never half a character.
bool TaskLog::send_piece(std::size_t bytes, bool must) {
  const std::string_view text = std::string_view(waiting_).substr(0, std::min(bytes, limits::kLogPieceBytes));
  const std::size_t line = text.size() < waiting_.size() ? text.rfind('\n') : std::string_view::npos;
  std::size_t size = line == std::string_view::npos ? whole_utf8(text) : line + 1;
  if (must && text.size() == waiting_.size()) size = text.size();
  if (size == 0 || !send_(offset_, clean_text(text.substr(0, size)), must)) return false;
  waiting_.erase(0, size);
  offset_ += size;
  allowed_ -= std::min<std::uint64_t>(allowed_, size);
  return true;
}

void TaskLog::end() {
  drop_oldest();
  while (!waiting_.empty() && send_piece(waiting_.size(), true)) {
  }
}

}  // namespace reeve::agent::worker
