#include "scheduler/shell/log_keeper.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scheduler/shell/clock.h"

namespace reeve::shell {
namespace {

constexpr std::chrono::minutes kCleanEvery{10};

std::size_t size_of(const msg::LogPieces& pieces) {
  std::size_t size = 0;
  for (const msg::LogPiece& piece : pieces.pieces)
    size += piece.text.size() + LogStore::kPieceBytes;
  return size;
}

}  // namespace

LogKeeper::LogKeeper(std::unique_ptr<LogStore> store, std::function<bool()> room, Duration retention)
    : store_(std::move(store)), room_(std::move(room)), retention_(retention), thread_([this] { run(); }) {}

LogKeeper::~LogKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void LogKeeper::put(AgentId agent, msg::LogPieces pieces, Time now) {
  const std::size_t bytes = size_of(pieces);
  {
    const std::lock_guard lock(mutex_);
    if (queued_bytes_ + bytes > kQueueBytes) {
      dropped_bytes_ += bytes;
      return;
    }
    queued_bytes_ += bytes;
    ++put_;
    queue_.push_back({agent, std::move(pieces), now, bytes});
  }
  work_.notify_one();
}

void LogKeeper::forget(JobId job) {
  {
    const std::lock_guard lock(mutex_);
    ++put_;
    queue_.push_back({{}, {}, {}, 0, job});
  }
  work_.notify_one();
}

bool LogKeeper::wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = put_;
  return written_.wait_for(lock, patience, [&] { return done_ >= wanted; });
}

Result<void> LogKeeper::write(const std::deque<Work>& batch) {
  if (Result<void> done = store_->begin(); !done) return done;
  for (const Work& work : batch) {
    if (work.forget.valid())
      if (Result<void> done = store_->forget(work.forget); !done) return done;
    for (const msg::LogPiece& piece : work.pieces.pieces)
      if (Result<void> done = store_->add(work.agent, piece, work.now); !done) return done;
  }
  return store_->commit();
}

void LogKeeper::clean_up() {
  Result<void> done = store_->begin();
  if (done) done = store_->forget_before(wall_now() - retention_);
  if (done) done = store_->commit();
  if (done) return;
  store_->roll_back();
  spdlog::warn("old logs were not removed: {}", done.error().message);
}

void LogKeeper::run() {
  // Logs are never more urgent than what the region decides.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kNiceness);
  auto next_clean = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait_until(lock, next_clean, [this] { return stop_ || !queue_.empty(); });
    if (stop_ && queue_.empty()) return;
    const std::deque<Work> batch = std::exchange(queue_, {});
    const std::size_t bytes = std::exchange(queued_bytes_, 0);
    lock.unlock();
    if (!batch.empty() && !room_()) {
      dropped_bytes_ += bytes;
    } else if (!batch.empty()) {
      const Result<void> written = write(batch);
      if (!written) store_->roll_back();
      if (!written && !told_) spdlog::warn("logs of tasks are dropped: {}", written.error().message);
      told_ = !written;
      (written ? kept_bytes_ : dropped_bytes_) += bytes;
    }
    if (std::chrono::steady_clock::now() >= next_clean) {
      clean_up();
      next_clean = std::chrono::steady_clock::now() + kCleanEvery;
    }
    lock.lock();
    done_ += batch.size();
    written_.notify_all();
  }
}

}  // namespace reeve::shell
