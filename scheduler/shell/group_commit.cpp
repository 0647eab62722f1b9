#include "scheduler/shell/group_commit.h"

#include <pthread.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace reeve::shell {
namespace {

[[noreturn]] void end_on_failed_commit(const Error& error) {
  std::fprintf(stderr,
               "reeve-scheduler: the journal could not be written, and what it holds is now uncertain: %s\n"
               "reeve-scheduler: %s; then start again: nothing that was acknowledged is lost\n",
               error.message.c_str(), error.hint.empty() ? "mend the disk" : error.hint.c_str());
  std::fflush(stderr);
  std::_Exit(1);
}

std::size_t event_bytes(const core::Event& event) {
  constexpr std::size_t kSmall = 128;
  if (const auto* results = std::get_if<core::ResultsRecorded>(&event))
    return kSmall + results->payload.size() + (results->roots.size() + results->kept_roots.size()) * 32 +
           results->sizes.size() * 8;
  if (const auto* job = std::get_if<core::JobAccepted>(&event)) {
    std::size_t bytes = kSmall;
    for (const StepSpec& step : job->spec.steps)
      bytes += kSmall + step.script.size();
    return bytes;
  }
  return kSmall;
}

JournalRow row_of(const EventBatch& batch) {
  JournalRow row{batch.first_seq, static_cast<std::uint32_t>(batch.events.size()), {}};
  for (const core::Event& event : batch.events)
    frame_event(row.events, core::encode_event(event));
  return row;
}

}  // namespace

std::size_t approximate_bytes(const EventBatch& batch) {
  std::size_t bytes = 0;
  for (const core::Event& event : batch.events)
    bytes += event_bytes(event);
  return bytes;
}

GroupCommit::GroupCommit(Journal& journal, std::function<void(const std::vector<SharedBatch>&)> committed)
    : journal_(journal),
      committed_(std::move(committed)),
      committed_seq_(journal.last_seq()),
      thread_([this] { run(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void GroupCommit::append(SharedBatch batch) {
  const std::size_t bytes = approximate_bytes(*batch);
  std::unique_lock lock(mutex_);
  space_.wait(lock, [&] {
    return queue_.empty() || (queue_.size() < kQueueBatches && queue_bytes_ + bytes <= kQueueBytes);
  });
  queue_.push_back(std::move(batch));
  queue_bytes_ += bytes;
  lock.unlock();
  work_.notify_one();
}

bool GroupCommit::put_snapshot_part(SnapshotPart& part) {
  std::unique_lock lock(mutex_);
  if (parts_.size() >= kQueueSnapshotParts) return false;
  parts_.push_back(std::move(part));
  lock.unlock();
  work_.notify_one();
  return true;
}

void GroupCommit::flush() {
  std::unique_lock lock(mutex_);
  space_.wait(lock, [&] { return queue_.empty() && parts_.empty() && !busy_; });
}

GroupCommit::Counters GroupCommit::counters() const {
  const std::lock_guard lock(mutex_);
  Counters counters = counters_;
  counters.queued_batches = queue_.size();
  return counters;
}

/// All batches that wait, and one piece of a snapshot: a commit never waits for more than one piece.
bool GroupCommit::take(Work& work) {
  std::unique_lock lock(mutex_);
  busy_ = false;
  space_.notify_all();
  work_.wait(lock, [&] { return stop_ || !queue_.empty() || !parts_.empty(); });
  if (queue_.empty() && parts_.empty()) return false;
  busy_ = true;
  work.batches.swap(queue_);
  queue_bytes_ = 0;
  if (!parts_.empty()) {
    work.parts.push_back(std::move(parts_.front()));
    parts_.pop_front();
  }
  lock.unlock();
  space_.notify_all();
  return true;
}

void GroupCommit::commit(const std::vector<SharedBatch>& batches) {
  std::vector<JournalRow> rows;
  rows.reserve(batches.size());
  std::size_t bytes = 0;
  std::size_t events = 0;
  for (const SharedBatch& batch : batches) {
    rows.push_back(row_of(*batch));
    bytes += rows.back().events.size();
    events += batch->events.size();
  }
  const auto begin = std::chrono::steady_clock::now();
  if (Result<void> done = journal_.append(rows); !done) end_on_failed_commit(done.error());
  const auto spent = std::chrono::steady_clock::now() - begin;
  committed_seq_.store(journal_.last_seq(), std::memory_order_release);
  wakeup_.wake();
  const std::lock_guard lock(mutex_);
  ++counters_.commits;
  counters_.events += events;
  counters_.bytes += bytes;
  counters_.commit_ns +=
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count());
}

void GroupCommit::run() {
  pthread_setname_np(pthread_self(), "journal");
  Work work;
  while (take(work)) {
    if (!work.batches.empty()) {
      commit(work.batches);
      committed_(work.batches);
    }
    for (const SnapshotPart& part : work.parts)
      if (Result<void> done = journal_.put_snapshot_part(part); !done) end_on_failed_commit(done.error());
    work.batches.clear();
    work.parts.clear();
  }
}

}  // namespace reeve::shell
