#include "scheduler/shell/ledger_keeper.h"

#include <pthread.h>

#include <cstdio>
#include <cstdlib>

#include "scheduler/shell/whole_file.h"

namespace reeve::shell {
namespace {

void need(const Result<void>& done) {
  if (done) return;
  std::fprintf(stderr,
               "reeve-scheduler: the transparent log's files could not be written: %s\n"
               "reeve-scheduler: mend the disk and start again: they are made again from the journal\n",
               done.error().message.c_str());
  std::fflush(stderr);
  std::_Exit(1);
}

}  // namespace

LedgerKeeper::LedgerKeeper(std::unique_ptr<LedgerStore> store, std::filesystem::path published,
                           tlog::Verifier verifier)
    : store_(std::move(store)),
      path_(std::move(published)),
      verifier_(std::move(verifier)),
      synced_(std::chrono::steady_clock::now()),
      thread_([this] { run(); }) {}

LedgerKeeper::~LedgerKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LedgerKeeper::push(LogBatch batch) {
  const std::size_t bytes = batch.bytes();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.empty() || queue_bytes_ + bytes <= kQueueBytes; });
  queue_.push_back(std::move(batch));
  queue_bytes_ += bytes;
  lock.unlock();
  changed_.notify_all();
}

std::shared_ptr<const LedgerKeeper::Published> LedgerKeeper::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

bool LedgerKeeper::wait_for(std::uint64_t size, std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return published_ && published_->size >= size; });
}

void LedgerKeeper::write(const std::vector<LogBatch>& batches) {
  for (const LogBatch& batch : batches)
    need(store_->append(batch));
  const LogHead& head = batches.back().head;
  publish(head);
  const auto now = std::chrono::steady_clock::now();
  if (store_->unmarked_bytes() < kSyncBytes && now - synced_ < kSyncEvery) return;
  need(store_->sync(head));
  synced_ = now;
}

/// First the file, so that a start knows of every checkpoint that anybody can have seen.
void LedgerKeeper::publish(const LogHead& head) {
  need(replace_whole_file(path_, as_bytes(head.checkpoint)));
  const std::lock_guard lock(mutex_);
  published_ = std::make_shared<const Published>(Published{head.tree.size(), head.checkpoint, verifier_});
}

void LedgerKeeper::run() {
  pthread_setname_np(pthread_self(), "ledger log");
  LogHead last;
  std::vector<LogBatch> batches;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (!stop_) changed_.wait_for(lock, kGather, [&] { return stop_ || queue_bytes_ > kQueueBytes / 4; });
    if (queue_.empty()) break;
    batches.swap(queue_);
    queue_bytes_ = 0;
    lock.unlock();
    changed_.notify_all();
    write(batches);
    last = std::move(batches.back().head);
    batches.clear();
    changed_.notify_all();
    lock.lock();
  }
  lock.unlock();
  if (last.seq > 0 && store_->unmarked_bytes() > 0) need(store_->sync(last));
}

}  // namespace reeve::shell
