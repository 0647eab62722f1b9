#pragma once

#include <atomic>
#include <memory>

#include "protocol/poll.h"
#include "protocol/result.h"
#include "scheduler/shell/region_dir.h"

namespace reeve::shell {

/// A region that runs: every thread and socket, put together.
class RegionServer {
 public:
  /// Recovers the state and opens the sockets. Errors name what is in the way (a port in use, a locked
  /// folder, a damaged journal) and the remedy.
  static Result<std::unique_ptr<RegionServer>> start(RegionDir dir);
  ~RegionServer();

  /// Serves until stop(). Then everything that was decided is durable, and a snapshot is stored.
  void run();
  /// From any thread.
  void stop();

  std::uint16_t port() const;
  std::uint16_t bulk_port() const;
  std::uint16_t http_port() const;
  /// 0 where no transparent log is kept.
  std::uint16_t ledger_port() const;

 private:
  struct Parts;
  explicit RegionServer(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace reeve::shell
