#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "agent/core/io.h"
#include "agent/core/once_reports.h"

namespace reeve::agent {

/// Finished work on its way to the region: reported in batches, sent again until acknowledged, kept until
/// released. Repeating a report does nothing twice: (attempt, task) names it.
///
/// A section is queued → sent → acknowledged → released. Results with roots are in the spool from the first;
/// inline ones go there only when the region is slow to acknowledge them.
class Outbox {
 public:
  /// A report leaves once it has `report_tasks` tasks, whatever its age.
  explicit Outbox(std::uint32_t report_tasks) : report_tasks_(report_tasks) {}

  void add(Time now, SpooledSection section, Effects& effects);
  /// Recomputed leaves: reported once a conversation until `valid_until`; nobody acknowledges them.
  void add_leaves(Time now, Time valid_until, msg::LeafReport report);
  /// What was found about two results; likewise.
  void add_comparison(Time now, Time valid_until, msg::ComparisonReport report);
  void recover(std::vector<SpooledSection> sections);

  /// True if a report should leave now; `idle`: nothing else is about to finish.
  bool due(Time now, bool idle) const;
  /// The next report, within the wire's bounds; nothing if none waits.
  std::optional<SendReport> next(Time now);

  /// What an acknowledgement said of some tasks. Returns how many of them it ended.
  std::uint32_t acknowledge(AttemptId attempt, TaskRange tasks, bool keep, Effects& effects);
  /// Drops results, acknowledged or not: the region will not ask for them. Returns how many were
  /// unacknowledged.
  std::uint32_t drop(AttemptId attempt, TaskRange tasks, Effects& effects);

  /// Sends everything unacknowledged again: a new conversation.
  void resend_all(Time now);
  /// Sends again, and writes down, what has waited too long.
  void look_at_time(Time now, Effects& effects);
  /// Writes down what is not acknowledged: the agent is about to end.
  void persist_all(Effects& effects);
  /// `connected`: reports can leave.
  Time next_deadline(bool connected) const;

  const SpooledSection* find(AttemptId attempt, TaskIndex task) const;
  /// Tasks reported or about to be, not acknowledged.
  std::uint64_t unacked_tasks() const { return unacked_tasks_; }
  std::uint64_t spooled_bytes() const { return spooled_bytes_; }
  /// Results of tasks that wait for a verdict or for release.
  std::uint64_t kept_sections() const { return sections_.size(); }

 private:
  using Key = std::pair<AttemptId, TaskIndex>;
  enum class State : std::uint8_t { kQueued, kSent, kAcked };
  struct Entry {
    SpooledSection held;
    State state = State::kQueued;
    Time since;
    bool on_disk = false;
    bool ever_sent = false;  // what the region may know already is never merged with what it cannot
  };
  using Entries = std::map<Key, Entry>;

  void insert(Entry entry);
  Entries::iterator first_of(AttemptId attempt, TaskRange tasks);
  Entries::iterator erase(Entries::iterator entry);
  /// Calls `act(entry)` for each entry within `tasks`, after entries that straddle its ends were split.
  template <class Act>
  std::uint32_t each(AttemptId attempt, TaskRange tasks, const Act& act);
  void split(Entries::iterator entry, TaskRange tasks);
  /// Puts results that are only in memory on the disk too.
  void write_down(Entry& entry, Effects& effects);
  void requeue(const Key& key, Entry& entry, Time now);
  void take_sections(Time now, SendReport& out);
  bool any_queued() const;

  std::uint32_t report_tasks_;
  Entries sections_;
  OnceReports<msg::LeafReport> leaves_;
  OnceReports<msg::ComparisonReport> comparisons_;
  std::set<Key> queue_;                        // sections that wait to be sent
  std::deque<std::pair<Time, Key>> sent_;      // to look at for resending, oldest first
  std::deque<std::pair<Time, Key>> volatile_;  // to look at for the disk, oldest first
  Time oldest_queued_;
  std::size_t queued_bytes_ = 0;
  std::uint32_t queued_tasks_ = 0;
  std::uint64_t unacked_tasks_ = 0;
  std::uint64_t spooled_bytes_ = 0;
};

}  // namespace reeve::agent
