#include "agent/sandbox/log.h"

#include <algorithm>

#include "protocol/utf8.h"

namespace reeve::agent::sandbox {

void Log::add(std::string_view text) {
  const std::size_t first = std::min(text.size(), kHeadBytes - head_.size());
  head_.append(text.substr(0, first));
  text.remove_prefix(first);
  if (text.size() > kTailBytes) {
    dropped_ += text.size() - kTailBytes;
    text.remove_prefix(text.size() - kTailBytes);
  }
  tail_.append(text);
  if (tail_.size() > 2 * kTailBytes) {  // seldom, so that each byte moves a bounded number of times
    dropped_ += tail_.size() - kTailBytes;
    tail_.erase(0, tail_.size() - kTailBytes);
  }
}

std::string Log::text() const {
  const std::size_t cut = tail_.size() > kTailBytes ? tail_.size() - kTailBytes : 0;
  const std::uint64_t missing = dropped_ + cut;
  std::string middle;
  if (missing > 0) middle = "\n[... " + std::to_string(missing) + " bytes ...]\n";
  std::string_view tail = std::string_view(tail_).substr(cut);
  if (missing == 0) return clean_text(head_ + std::string(tail));
  return clean_text(std::string_view(head_).substr(0, whole_utf8(head_))) + middle + clean_text(tail);
}

void Lines::add(std::string_view text) {
  if (!on_line_) return;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view part = text.substr(0, end);
    line_.append(part.substr(0, kLineBytes - std::min(line_.size(), kLineBytes)));
    if (end == std::string_view::npos) return;
    on_line_(line_);
    line_.clear();
    text.remove_prefix(end + 1);
  }
}

void Lines::end() {
  if (on_line_ && !line_.empty()) on_line_(line_);
  line_.clear();
}

}  // namespace reeve::agent::sandbox
