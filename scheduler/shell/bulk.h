#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "protocol/bulk.h"
#include "protocol/leaves.h"
#include "protocol/poll.h"
#include "protocol/socket.h"
#include "scheduler/shell/blob_keeper.h"
#include "scheduler/shell/key_book.h"
#include "scheduler/shell/uploads.h"

namespace reeve::shell {

/// The bulk socket and its thread: inputs in, inputs and results out, asked-for results in. Memory is bounded
/// by transfers times the window; an upload that stops is kept a while, so that it can go on.
class BulkServer {
 public:
  static constexpr std::size_t kTransfersPerKey = 16;
  static constexpr std::size_t kTransfers = 4096;
  static constexpr Duration kIdle = seconds(600);
  /// An agent that was connected before a restart may ask for an input before it says what it holds.
  static constexpr Duration kEarly = seconds(10);
  static constexpr std::size_t kMostEarly = 1024;

  struct Parts {
    KeyBook& keys;
    BlobKeeper& blobs;
    Uploads& uploads;
    /// True if the blob is a stored result of one of the requester's jobs.
    std::function<bool(const Digest&, PartyId requester)> is_result_of;
    /// True while the agent has a lease of a step with this input; nothing while it has not said what it
    /// holds.
    std::function<std::optional<bool>(AgentId, const Digest&)> needs_input;
  };

  BulkServer(net::ServerSocket socket, Parts parts);
  ~BulkServer();
  BulkServer(const BulkServer&) = delete;
  BulkServer& operator=(const BulkServer&) = delete;
  /// Bytes taken in and given out.
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  /// Where answers go: a connection's transfer.
  struct Link {
    net::RoutingId route;
    std::uint64_t transfer = 0;
    auto operator<=>(const Link&) const = default;
  };
  /// Bytes on their way in. Found again by who sends what, after a reconnection too.
  struct Upload {
    TransportKey key;
    Link link;
    std::unique_ptr<BlobWriter> writer;
    std::uint64_t size_bytes = 0;
    Digest digest;  // inputs: their name
    std::optional<bulk::PutResult> result;
    std::unique_ptr<ResultHasher> hasher;  // results: their root
    Digest root;
    std::uint64_t acked = 0;
    Time last;
  };
  struct Download {
    TransportKey key;
    Digest digest;
    std::unique_ptr<BlobReader> reader;
    std::uint64_t sent = 0;
    std::uint64_t allowed = 0;  // offset up to which the reader takes chunks
    Time last;
  };

  void run();
  void on_received(const net::Received& received);
  void put_blob(const net::Received& from, std::uint64_t transfer, const bulk::PutBlob& put);
  void put_result(const net::Received& from, std::uint64_t transfer, const bulk::PutResult& put);
  void open_upload(const net::Received& from, std::uint64_t transfer, Upload upload);
  Result<std::unique_ptr<BlobWriter>> open_writer(const Upload& upload);
  void take_chunk(const net::Received& from, const bulk::ChunkView& chunk);
  void finish_upload(std::map<Link, Upload>::iterator upload);
  Result<Digest> store(Upload& upload);
  void get_blob(const net::Received& from, std::uint64_t transfer, const bulk::GetBlob& get, Time since);
  void on_ack(const net::Received& from, std::uint64_t transfer, const bulk::ChunkAck& ack);
  void pump(std::map<Link, Download>::iterator download);
  enum class Access { kGranted, kDenied, kNotKnownYet };
  Access access(const core::Peer& peer, const Digest& digest) const;
  bool put_off(const net::Received& from, std::uint64_t transfer, const bulk::GetBlob& get, Time since);
  void answer_early();
  std::size_t transfers_of(const TransportKey& key) const;
  void drop_idle();
  Result<bool> send_chunk(const Link& link, Download& state, std::size_t size_bytes);
  bool send(const Link& link, decltype(bulk::Message::body) body);
  void refuse(const Link& link, const Digest& digest, Error why);

  /// A question for an input that cannot be answered yet.
  struct Early {
    net::Received from;
    std::uint64_t transfer = 0;
    bulk::GetBlob get;
    Time since;
  };

  net::ServerSocket socket_;
  const Parts parts_;
  std::vector<Early> early_;
  std::map<Link, Upload> uploads_;
  std::map<Link, Download> downloads_;
  std::atomic<std::uint64_t> bytes_in_{0};
  std::atomic<std::uint64_t> bytes_out_{0};
  std::atomic<bool> stop_{false};
  net::Wakeup wakeup_;
  std::thread thread_;
};

}  // namespace reeve::shell
