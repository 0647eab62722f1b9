#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "protocol/result.h"
#include "scheduler/shell/ledger_keeper.h"

namespace reeve::shell {

/// The transparent log over HTTP, read-only, for everybody: what C2SP tlog-tiles names (/checkpoint,
/// /tile/…), and beside it /vkey, /about/ATTEMPT and /receipt/INDEX. Threads of its own with a low priority,
/// so that whoever asks much takes nothing from the region.
class LedgerHttp {
 public:
  /// kConflict names a port in use.
  static Result<std::unique_ptr<LedgerHttp>> start(const std::string& host, std::uint16_t port,
                                                   const LedgerKeeper& keeper);
  ~LedgerHttp();
  LedgerHttp(const LedgerHttp&) = delete;
  LedgerHttp& operator=(const LedgerHttp&) = delete;
  std::uint16_t port() const;

 private:
  struct Impl;
  explicit LedgerHttp(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace reeve::shell
