#include "scheduler/shell/view.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace reeve::shell {
namespace {

void need(const Result<void>& done) {
  if (done) return;
  REEVE_CHECK(done.error().code != ErrorCode::kCorrupt, done.error().message.c_str());
  std::fprintf(stderr,
               "reeve-scheduler: the view could not be written: %s\n"
               "reeve-scheduler: mend the disk, or remove view.db, and start again: it is made anew from the "
               "journal\n",
               done.error().message.c_str());
  std::fflush(stderr);
  std::_Exit(1);
}

}  // namespace

View::View(std::unique_ptr<ViewDatabase> database, std::function<bool(SnapshotPart&)> put_part,
           std::uint64_t snapshot_events)
    : database_(std::move(database)),
      put_part_(std::move(put_part)),
      snapshot_events_(snapshot_events),
      seq_(database_->seq()),
      snapshot_seq_(database_->seq()),
      thread_([this] { run(); }) {}

View::~View() {
  finish();
}

void View::finish() {
  {
    const std::lock_guard lock(mutex_);
    finish_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void View::push(const std::vector<SharedBatch>& batches) {
  std::size_t bytes = 0;
  for (const SharedBatch& batch : batches)
    bytes += approximate_bytes(*batch);
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [&] {
    return queue_.empty() || (queue_.size() < kQueueBatches && queue_bytes_ + bytes <= kQueueBytes);
  });
  queue_.insert(queue_.end(), batches.begin(), batches.end());
  queue_bytes_ += bytes;
  const bool wake = queue_.size() == batches.size() || wanted_seq_ > seq();
  lock.unlock();
  if (wake) work_.notify_one();
}

bool View::wait_for(std::uint64_t wanted, std::chrono::milliseconds patience) {
  if (seq() >= wanted) return true;
  std::unique_lock lock(mutex_);
  wanted_seq_ = std::max(wanted_seq_, wanted);
  work_.notify_one();
  return progress_.wait_for(lock, patience, [&] { return seq() >= wanted; });
}

void View::ask(const std::function<void(const core::Durable&)>& question) {
  Question mine{&question};
  std::unique_lock lock(mutex_);
  questions_.push_back(&mine);
  work_.notify_one();
  progress_.wait(lock, [&] { return mine.done; });
}

std::size_t View::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

/// Waits for something to do. Rows that nobody waits for are gathered a little, so that they share a
/// transaction.
bool View::take(std::vector<SharedBatch>& batches) {
  std::unique_lock lock(mutex_);
  const auto has_work = [&] { return finish_ || !questions_.empty() || !queue_.empty(); };
  const bool parts_wait = snapshot_offset_ < snapshot_.size();
  if (parts_wait)
    work_.wait_for(lock, std::chrono::milliseconds(1), has_work);
  else
    work_.wait(lock, has_work);
  if (!parts_wait && !queue_.empty())
    work_.wait_for(lock, kGather, [&] {
      return finish_ || !questions_.empty() || wanted_seq_ > seq() || queue_bytes_ > kQueueBytes / 4;
    });
  batches.swap(queue_);
  queue_bytes_ = 0;
  return !finish_ || !batches.empty() || !questions_.empty();
}

void View::record(const std::vector<SharedBatch>& batches) {
  need(database_->begin());
  for (const SharedBatch& batch : batches) {
    std::uint64_t seq = batch->first_seq;
    for (const core::Event& event : batch->events)
      need(database_->record(seq++, event));
  }
  need(database_->commit());
}

void View::answer_questions() {
  std::deque<Question*> asked;
  {
    const std::lock_guard lock(mutex_);
    asked.swap(questions_);
  }
  for (const Question* question : asked)
    (*question->run)(database_->shadow());
  const std::lock_guard lock(mutex_);
  for (Question* question : asked)
    question->done = true;
}

void View::begin_snapshot() {
  if (snapshot_offset_ < snapshot_.size()) return;
  snapshot_ = core::encode_state(database_->shadow());
  snapshot_seq_ = database_->seq();
  snapshot_offset_ = 0;
  snapshot_part_ = 0;
}

void View::push_snapshot_parts() {
  while (snapshot_offset_ < snapshot_.size()) {
    const std::size_t end = std::min(snapshot_.size(), snapshot_offset_ + kSnapshotPartBytes);
    const auto at = [&](std::size_t offset) {
      return snapshot_.begin() + static_cast<std::ptrdiff_t>(offset);
    };
    SnapshotPart part{snapshot_seq_, snapshot_part_, end == snapshot_.size(),
                      Bytes(at(snapshot_offset_), at(end))};
    if (!put_part_(part)) return;
    snapshot_offset_ = end;
    ++snapshot_part_;
  }
  snapshot_.clear();
  snapshot_.shrink_to_fit();
  snapshot_offset_ = 0;
}

void View::run() {
  pthread_setname_np(pthread_self(), "view");
  // Facts first: where processors are scarce the view lags, within the bounds of its queue. Linux has a
  // niceness for each thread.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness);
  std::vector<SharedBatch> batches;
  while (take(batches)) {
    if (!batches.empty()) record(batches);
    batches.clear();
    seq_.store(database_->seq(), std::memory_order_release);
    answer_questions();
    progress_.notify_all();
    if (database_->seq() - snapshot_seq_ >= snapshot_events_) begin_snapshot();
    push_snapshot_parts();
  }
  if (database_->seq() != snapshot_seq_) begin_snapshot();
  while (snapshot_offset_ < snapshot_.size()) {
    push_snapshot_parts();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace reeve::shell
