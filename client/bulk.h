#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "client/inputs.h"
#include "client/transport.h"

namespace reeve::client {

/// Blobs over a region's bulk socket, one transfer at a time.
class BulkClient {
 public:
  /// Bytes that have arrived, of so many.
  using Progress = std::function<void(std::uint64_t done_bytes, std::uint64_t size_bytes)>;

  /// `patience`: how long a transfer may stand still before it is given up.
  BulkClient(std::unique_ptr<BulkTransport> transport, Duration patience);

  /// Returns once the region holds the input under its digest. Goes on where an earlier try ended; asks again
  /// when the region falls silent. kTimeout: it stayed silent. Otherwise the region's refusal.
  Result<void> put(const Input& input, const Progress& progress);

  /// The blob's bytes, checked against its digest. kCorrupt: they are others. kNotFound: the region has none.
  Result<Bytes> get(const Digest& digest, std::uint64_t size_bytes);

 private:
  struct Upload;
  Result<bool> take_answer(Upload& upload, const bulk::Message& message, const Progress& progress);
  Result<void> send_chunks(Upload& upload);
  /// The next message of this transfer, others dropped; nullopt after a while of silence.
  Result<std::optional<bulk::Message>> next(std::uint64_t transfer);

  std::unique_ptr<BulkTransport> transport_;
  Duration patience_;
  std::uint64_t last_transfer_ = 0;
};

}  // namespace reeve::client
