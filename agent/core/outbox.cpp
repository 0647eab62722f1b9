#include "agent/core/outbox.h"

#include <algorithm>

#include "agent/core/bounds.h"
#include "agent/core/ranges.h"
#include "agent/core/sections.h"

namespace reeve::agent {
namespace {

bool is_rooted(const msg::ReportSection& section) {
  return std::holds_alternative<msg::RootedResults>(section.outcome);
}

bool is_failure(const msg::ReportSection& section) {
  return std::holds_alternative<msg::FailedTasks>(section.outcome);
}

std::uint64_t bytes_in_spool(const msg::ReportSection& section) {
  std::uint64_t sum = section_bytes(section);
  if (const auto* rooted = std::get_if<msg::RootedResults>(&section.outcome)) {
    for (const std::uint64_t size : rooted->sizes)
      sum += size;
  }
  return sum;
}

/// True for results that the region may ask to open or to upload.
bool may_be_asked_for(const SpooledSection& held) {
  return is_rooted(held.section) || (held.leaf_bytes > 0 && !is_failure(held.section));
}

}  // namespace

void Outbox::add(Time now, SpooledSection section, Effects& effects) {
  unacked_tasks_ += section.section.tasks.count;
  const bool persist = may_be_asked_for(section);
  if (persist) effects.push_back(Persist{section});
  if (!persist && !queue_.empty()) {
    // The newest section of the same attempt grows, so that a report of tiny tasks is a few long sections.
    auto after = sections_.upper_bound({section.section.attempt, section.section.tasks.first});
    if (after != sections_.begin()) {
      Entry& before = std::prev(after)->second;
      const std::size_t bytes = section_bytes(section.section);
      if (before.state == State::kQueued && !before.on_disk && !before.ever_sent &&
          append_section(before.held.section, section.section, report_tasks_)) {
        queued_tasks_ += section.section.tasks.count;
        queued_bytes_ += bytes;
        return;
      }
    }
  }
  insert({std::move(section), State::kQueued, now, persist, false});
}

void Outbox::insert(Entry entry) {
  const msg::ReportSection& section = entry.held.section;
  const Key key{section.attempt, section.tasks.first};
  if (entry.on_disk) spooled_bytes_ += bytes_in_spool(section);
  if (entry.state == State::kQueued) {
    if (!any_queued()) oldest_queued_ = entry.since;
    queue_.insert(key);
    queued_tasks_ += section.tasks.count;
    queued_bytes_ += section_bytes(section);
    if (!entry.on_disk && !is_failure(section)) volatile_.emplace_back(entry.since, key);
  } else if (entry.state == State::kSent) {
    sent_.emplace_back(entry.since, key);
  }
  sections_.insert_or_assign(key, std::move(entry));
}

void Outbox::add_leaves(Time now, Time valid_until, msg::LeafReport report) {
  if (!any_queued()) oldest_queued_ = now;
  leaves_.add(valid_until, std::move(report));
}

void Outbox::add_comparison(Time now, Time valid_until, msg::ComparisonReport report) {
  if (!any_queued()) oldest_queued_ = now;
  comparisons_.add(valid_until, std::move(report));
}

bool Outbox::any_queued() const {
  return !queue_.empty() || leaves_.any_queued() || comparisons_.any_queued();
}

void Outbox::recover(std::vector<SpooledSection> sections) {
  for (SpooledSection& section : sections) {
    if (!section.acked) unacked_tasks_ += section.section.tasks.count;
    const State state = section.acked ? State::kAcked : State::kQueued;
    insert({std::move(section), state, Time{}, true, true});
  }
}

bool Outbox::due(Time now, bool idle) const {
  if (!any_queued()) return false;
  return idle || queued_tasks_ >= report_tasks_ || queued_bytes_ >= bounds::kReportBytes ||
         now >= oldest_queued_ + bounds::kReportAge || leaves_.any_queued() || comparisons_.any_queued();
}

std::optional<SendReport> Outbox::next(Time now) {
  SendReport out;
  msg::Report& report = out.report;
  take_sections(now, out);
  std::size_t bytes = 0;
  leaves_.take(report.leaves, bytes, bounds::kReportBytes, limits::kSectionsPerReport,
               [](const msg::LeafReport& leaves) { return 64 + 36 * leaves.hashes.size(); });
  comparisons_.take(report.comparisons, bytes, bounds::kReportBytes, limits::kSectionsPerReport,
                    [](const msg::ComparisonReport& comparison) { return 64 + comparison.why.size(); });
  oldest_queued_ = now;
  if (report.sections.empty() && report.leaves.empty() && report.comparisons.empty()) return std::nullopt;
  return out;
}

void Outbox::take_sections(Time now, SendReport& out) {
  msg::Report& report = out.report;
  std::size_t bytes = 0;
  while (!queue_.empty() && bytes < bounds::kReportBytes &&
         report.sections.size() < limits::kSectionsPerReport) {
    const Key key = *queue_.begin();
    queue_.erase(queue_.begin());
    Entry& entry = sections_.at(key);
    const std::size_t size = section_bytes(entry.held.section);
    bytes += size;
    queued_bytes_ -= std::min(queued_bytes_, size);
    queued_tasks_ -= std::min(queued_tasks_, entry.held.section.tasks.count);
    entry.state = State::kSent;
    entry.ever_sent = true;
    entry.since = now;
    sent_.emplace_back(now, key);
    report.sections.push_back(entry.held.section);
    out.leaf_bytes.push_back(entry.held.leaf_bytes);
  }
  if (queue_.empty()) {
    queued_bytes_ = 0;
    queued_tasks_ = 0;
  }
}

Outbox::Entries::iterator Outbox::first_of(AttemptId attempt, TaskRange tasks) {
  auto entry = sections_.lower_bound({attempt, tasks.first});
  if (entry != sections_.begin()) {
    const auto before = std::prev(entry);
    if (before->first.first == attempt && intersection(before->second.held.section.tasks, tasks).count > 0)
      return before;
  }
  return entry;
}

void Outbox::split(Entries::iterator entry, TaskRange tasks) {
  const Entry whole = entry->second;
  const TaskRange all = whole.held.section.tasks;
  const TaskRange both = intersection(all, tasks);
  if (both == all) return;
  erase(entry);
  std::vector<TaskRange> parts = without(all, both);
  parts.push_back(both);
  for (const TaskRange part : parts) {
    Entry piece = whole;
    piece.held.section = section_part(whole.held.section, part);
    if (whole.state != State::kAcked) unacked_tasks_ += part.count;
    insert(std::move(piece));
  }
}

Outbox::Entries::iterator Outbox::erase(Entries::iterator entry) {
  const msg::ReportSection& section = entry->second.held.section;
  if (entry->second.on_disk) spooled_bytes_ -= bytes_in_spool(section);
  if (entry->second.state != State::kAcked) unacked_tasks_ -= section.tasks.count;
  if (entry->second.state == State::kQueued) {
    queue_.erase(entry->first);
    queued_bytes_ -= std::min(queued_bytes_, section_bytes(section));
    queued_tasks_ -= std::min(queued_tasks_, section.tasks.count);
  }
  return sections_.erase(entry);
}

template <class Act>
std::uint32_t Outbox::each(AttemptId attempt, TaskRange tasks, const Act& act) {
  std::uint32_t touched = 0;
  TaskIndex from = tasks.first;
  while (from < tasks.end()) {
    const TaskRange rest{from, tasks.end() - from};
    auto entry = first_of(attempt, rest);
    if (entry == sections_.end() || entry->first.first != attempt) break;
    const TaskRange both = intersection(entry->second.held.section.tasks, rest);
    if (both.count == 0) break;
    split(entry, both);
    entry = sections_.find({attempt, both.first});
    from = both.end();
    if (act(entry)) touched += both.count;
  }
  return touched;
}

std::uint32_t Outbox::acknowledge(AttemptId attempt, TaskRange tasks, bool keep, Effects& effects) {
  return each(attempt, tasks, [&](Entries::iterator found) {
    Entry& entry = found->second;
    if (entry.state == State::kAcked) return false;
    const msg::ReportSection& section = entry.held.section;
    if (!keep || !may_be_asked_for(entry.held)) {
      if (entry.on_disk) effects.push_back(Forget{attempt, section.tasks});
      erase(found);
      return true;
    }
    if (entry.state == State::kQueued) {
      queue_.erase(found->first);
      queued_bytes_ -= std::min(queued_bytes_, section_bytes(section));
      queued_tasks_ -= std::min(queued_tasks_, section.tasks.count);
    }
    unacked_tasks_ -= section.tasks.count;
    entry.state = State::kAcked;
    entry.held.acked = true;
    effects.push_back(MarkAcked{attempt, section.tasks});
    return true;
  });
}

std::uint32_t Outbox::drop(AttemptId attempt, TaskRange tasks, Effects& effects) {
  return each(attempt, tasks, [&](Entries::iterator found) {
    const Entry& entry = found->second;
    if (entry.on_disk) effects.push_back(Forget{attempt, entry.held.section.tasks});
    const bool was_unacked = entry.state != State::kAcked;
    erase(found);
    return was_unacked;
  });
}

void Outbox::persist_all(Effects& effects) {
  for (auto& [key, entry] : sections_) {
    if (entry.on_disk || entry.state == State::kAcked || is_failure(entry.held.section)) continue;
    write_down(entry, effects);
  }
}

void Outbox::write_down(Entry& entry, Effects& effects) {
  entry.on_disk = true;
  spooled_bytes_ += bytes_in_spool(entry.held.section);
  effects.push_back(Persist{entry.held});
}

void Outbox::requeue(const Key& key, Entry& entry, Time now) {
  if (!any_queued()) oldest_queued_ = now;
  entry.state = State::kQueued;
  queue_.insert(key);
  queued_tasks_ += entry.held.section.tasks.count;
  queued_bytes_ += section_bytes(entry.held.section);
}

void Outbox::resend_all(Time now) {
  for (auto& [key, entry] : sections_) {
    if (entry.state == State::kSent) requeue(key, entry, now);
  }
  leaves_.send_again();
  comparisons_.send_again();
  sent_.clear();
}

void Outbox::look_at_time(Time now, Effects& effects) {
  while (!sent_.empty()) {
    const auto [when, key] = sent_.front();
    const auto found = sections_.find(key);
    const bool current =
        found != sections_.end() && found->second.state == State::kSent && found->second.since == when;
    if (current && now < when + bounds::kResendAfter) break;
    sent_.pop_front();
    if (current) requeue(key, found->second, now);
  }
  leaves_.drop_expired(now);
  comparisons_.drop_expired(now);
  while (!volatile_.empty()) {
    const auto [when, key] = volatile_.front();
    const auto found = sections_.find(key);
    const bool current =
        found != sections_.end() && found->second.state != State::kAcked && !found->second.on_disk;
    if (current && now < when + bounds::kPersistAfter) break;
    volatile_.pop_front();
    if (!current) continue;
    write_down(found->second, effects);
  }
}

Time Outbox::next_deadline(bool connected) const {
  Time soonest{INT64_MAX};
  if (connected && any_queued()) soonest = oldest_queued_ + bounds::kReportAge;
  if (!sent_.empty()) soonest = std::min(soonest, sent_.front().first + bounds::kResendAfter);
  if (!volatile_.empty()) soonest = std::min(soonest, volatile_.front().first + bounds::kPersistAfter);
  return soonest;
}

const SpooledSection* Outbox::find(AttemptId attempt, TaskIndex task) const {
  auto entry = sections_.upper_bound({attempt, task});
  if (entry == sections_.begin()) return nullptr;
  const Entry& before = std::prev(entry)->second;
  const msg::ReportSection& section = before.held.section;
  if (section.attempt != attempt || task < section.tasks.first || task >= section.tasks.end()) return nullptr;
  return &before.held;
}

}  // namespace reeve::agent
