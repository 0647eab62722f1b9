#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "protocol/ids.h"
#include "protocol/units.h"

namespace reeve::agent {

/// Reports of a referee, by attempt. Nobody acknowledges them: each is sent once a conversation, until it is
/// of no use any more.
template <class Report>
class OnceReports {
 public:
  void add(Time valid_until, Report report) {
    const AttemptId attempt = report.attempt;
    queue_.push_back(attempt);
    entries_.insert_or_assign(attempt, Entry{std::move(report), valid_until, true});
  }
  bool any_queued() const { return !queue_.empty(); }
  /// Everything goes out again: a new conversation.
  void send_again() {
    for (auto& [attempt, entry] : entries_) {
      if (!entry.queued) queue_.push_back(attempt);
      entry.queued = true;
    }
  }
  void drop_expired(Time now) {
    std::erase_if(entries_, [now](const auto& entry) { return now >= entry.second.valid_until; });
  }
  /// Moves what is queued to `out`, while `bytes` (grown by `size_of` each) and the count stay within bounds.
  template <class SizeOf>
  void take(std::vector<Report>& out, std::size_t& bytes, std::size_t most_bytes, std::size_t most,
            const SizeOf& size_of) {
    while (!queue_.empty() && bytes < most_bytes && out.size() < most) {
      const auto found = entries_.find(queue_.front());
      queue_.pop_front();
      if (found == entries_.end() || !found->second.queued) continue;
      found->second.queued = false;
      bytes += size_of(found->second.report);
      out.push_back(found->second.report);
    }
  }

 private:
  struct Entry {
    Report report;
    Time valid_until;
    bool queued = true;
  };
  std::map<AttemptId, Entry> entries_;
  std::deque<AttemptId> queue_;
};

}  // namespace reeve::agent
