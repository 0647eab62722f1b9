#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/io.h"
#include "agent/shell/input_cache.h"
#include "protocol/bulk.h"
#include "protocol/digest.h"
#include "protocol/socket.h"
#include "protocol/stream_file.h"

namespace reeve::agent {

/// Inputs that come and results that go over the bulk socket: in chunks under a window, resumed after a lost
/// connection, inputs verified before they count.
class Transfers {
 public:
  struct Region {
    std::string host;
    TransportKey server;
    TransportPair key;
  };

  Transfers(net::Context& context, Region region, InputCache& cache)
      : context_(context), region_(std::move(region)), cache_(cache) {}

  /// A conversation with the region is open; what was under way goes on.
  Result<void> open(std::uint32_t port, Time now);
  void close();

  void fetch(const Digest& digest, Time now);
  void upload(const msg::UploadRequest& request, std::filesystem::path file, Time now);

  /// Takes what arrived and sends what may be sent. Appends InputReady and InputFailed, and lines for the
  /// log.
  void pump(Time now, std::vector<Input>& inputs, std::vector<Log>& log);
  /// To be polled; null while closed.
  void* raw() const { return socket_ ? socket_->raw() : nullptr; }
  bool busy() const { return !downloads_.empty() || !uploads_.empty(); }

 private:
  struct Download {
    Digest digest;
    int file = -1;
    StreamFile stream;  // into it
    Sha256 hash;
    std::uint32_t attempts = 0;  // without progress
    std::uint32_t damaged = 0;   // times that it came and did not verify
    Time quiet_since;
    bool begun = false;
  };
  struct Upload {
    msg::UploadRequest request;
    std::filesystem::path file;
    std::uint64_t size = 0;
    std::uint64_t sent = 0;
    std::uint64_t acked = 0;
    std::uint32_t window = 0;
    std::uint32_t attempts = 0;
    Time quiet_since;
    bool begun = false;
  };
  using TransferId = std::uint64_t;

  void start_some(Time now, std::vector<Input>& inputs, std::vector<Log>& log);
  Result<void> begin(Download& download, TransferId id);
  bool begin(Upload& upload, TransferId id);
  void take(const bulk::Message& message, Time now, std::vector<Input>& inputs, std::vector<Log>& log);
  void take_chunk(const bulk::ChunkView& chunk, Time now);
  bool finish(Download& download, const bulk::Status& status, std::vector<Input>& inputs);
  void feed(TransferId id, Upload& upload);
  void restart_quiet(Time now);
  bool send(TransferId id, decltype(bulk::Message::body) body);
  static void forget(Download& download);

  net::Context& context_;
  Region region_;
  InputCache& cache_;
  std::optional<net::ClientSocket> socket_;
  bool connected_ = false;
  std::shared_ptr<PieceWriter> writer_;  // made for the first input
  TransferId next_id_ = 1;
  std::map<TransferId, Download> downloads_;
  std::map<TransferId, Upload> uploads_;
};

}  // namespace reeve::agent
