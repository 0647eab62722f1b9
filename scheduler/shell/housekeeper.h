#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "scheduler/shell/api.h"
#include "scheduler/shell/blob_keeper.h"

namespace reeve::shell {

/// The thread that removes blobs that nothing needs: once an hour, and once a minute those that were given
/// up.
class Housekeeper {
 public:
  Housekeeper(std::unique_ptr<Api> api, BlobKeeper& blobs, Duration retention);
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

 private:
  void run();
  void collect();
  void remove_doomed();

  std::unique_ptr<Api> api_;
  BlobKeeper& blobs_;
  const Duration retention_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace reeve::shell
