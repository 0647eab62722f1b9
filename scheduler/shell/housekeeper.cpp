#include "scheduler/shell/housekeeper.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "scheduler/shell/clock.h"

namespace reeve::shell {

Housekeeper::Housekeeper(std::unique_ptr<Api> api, BlobKeeper& blobs, Duration retention)
    : api_(std::move(api)), blobs_(blobs), retention_(retention), thread_([this] { run(); }) {}

Housekeeper::~Housekeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Housekeeper::collect() {
  const Time now = wall_now();
  const Result<std::vector<Digest>> results = api_->results_since(now - retention_);
  if (!results) {
    spdlog::warn("blobs were not looked through: {}", results.error().message);
    return;
  }
  const Result<std::size_t> removed = blobs_.collect({results->begin(), results->end()}, now);
  if (!removed)
    spdlog::warn("a blob could not be removed: {}", removed.error().message);
  else if (*removed > 0)
    spdlog::info("removed {} blobs that nothing needs", *removed);
}

void Housekeeper::remove_doomed() {
  for (const Digest& digest : std::exchange(looked_again_, {}))
    if (!api_->is_result(digest)) remove(digest);
  for (const Digest& digest : blobs_.take_doomed())
    if (api_->is_result(digest))
      looked_again_.push_back(digest);
    else
      remove(digest);
}

void Housekeeper::remove(const Digest& digest) {
  if (const Result<bool> removed = blobs_.remove_unless_wanted(digest, wall_now()); !removed)
    spdlog::warn("a blob could not be removed: {}", removed.error().message);
}

void Housekeeper::run() {
  constexpr int kRoundsOfCollection = 1800;
  std::unique_lock lock(mutex_);
  for (int round = 1; !wake_.wait_for(lock, std::chrono::seconds(2), [this] { return stop_; }); ++round) {
    remove_doomed();
    if (round % kRoundsOfCollection == 0) collect();
  }
}

}  // namespace reeve::shell
