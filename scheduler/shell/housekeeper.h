#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "scheduler/shell/api.h"
#include "scheduler/shell/blob_keeper.h"

namespace reeve::shell {

/// The thread that removes blobs that nothing needs: once an hour, and every other second those that were
/// given up, since a job that trains gives up gradients as fast as it makes them.
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
  void remove(const Digest& digest);

  std::unique_ptr<Api> api_;
  BlobKeeper& blobs_;
  const Duration retention_;
  std::vector<Digest> looked_again_;  // what was said of them may not be committed yet
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace reeve::shell
