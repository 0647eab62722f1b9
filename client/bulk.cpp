#include "client/bulk.h"

#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "client/process.h"
#include "client/quantities.h"
#include "protocol/digest.h"
#include "protocol/limits.h"

namespace reeve::client {
namespace {

constexpr Duration kSlice = milliseconds(100);     // Ctrl-C is noticed this soon
constexpr Duration kAskAgainAfter = seconds(3);    // of silence
constexpr std::uint64_t kMostInMemory = 1U << 30;  // a result larger than that is no picture

Duration now() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

/// Reads an input's bytes at any offset.
class Source {
 public:
  explicit Source(const Input& input) : input_(input) {
    if (const auto* path = std::get_if<std::filesystem::path>(&input.content))
      file_.open(*path, std::ios::binary);
  }
  Result<Bytes> read(std::uint64_t offset, std::size_t size) {
    if (const auto* bytes = std::get_if<Bytes>(&input_.content)) {
      const auto begin = bytes->begin() + static_cast<std::ptrdiff_t>(offset);
      return Bytes(begin, begin + static_cast<std::ptrdiff_t>(size));
    }
    Bytes piece(size);
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset));
    file_.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(size));
    if (static_cast<std::size_t>(file_.gcount()) == size) return piece;
    return Error{ErrorCode::kIo, "input " + input_.label + " changed or vanished while it was sent",
                 "submit again"};
  }

 private:
  const Input& input_;
  std::ifstream file_;
};

Error silence(const std::string& what, Duration patience) {
  return {ErrorCode::kTimeout,
          what + ": the region's bulk socket stayed silent for " + format_duration(patience),
          "try again; what has arrived is kept"};
}

}  // namespace

/// One upload under way.
struct BulkClient::Upload {
  const Input& input;
  Source source;
  std::uint64_t transfer = 0;
  std::uint64_t sent = 0;      // bytes handed to the socket
  std::uint64_t received = 0;  // bytes that the region says it has
  std::uint32_t window_chunks = 0;
  bool last_sent = false;
};

BulkClient::BulkClient(std::unique_ptr<BulkTransport> transport, Duration patience)
    : transport_(std::move(transport)), patience_(patience) {
  // Transfers of an earlier run that end late must not be taken for ours.
  randombytes_buf(&last_transfer_, sizeof last_transfer_);
  last_transfer_ >>= 16;
}

Result<std::optional<bulk::Message>> BulkClient::next(std::uint64_t transfer) {
  const Duration started = now();
  while (now().ns - started.ns < kAskAgainAfter.ns) {
    if (interrupted()) return Error{ErrorCode::kTimeout, "interrupted", ""};
    auto message = transport_->receive(kSlice);
    if (!message) return message.error();
    if (*message && (*message)->transfer == transfer) return message;
  }
  return std::optional<bulk::Message>{};
}

Result<void> BulkClient::send_chunks(Upload& upload) {
  const std::uint64_t size = upload.input.size_bytes;
  const std::uint64_t reach = upload.received + std::uint64_t{upload.window_chunks} * limits::kBulkChunkBytes;
  while (!upload.last_sent && upload.sent < std::max<std::uint64_t>(reach, 1)) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(limits::kBulkChunkBytes, size - upload.sent));
    auto data = upload.source.read(upload.sent, count);
    if (!data) return data.error();
    const bool last = upload.sent + count == size;
    auto sent = transport_->send({upload.transfer, bulk::Chunk{upload.sent, std::move(*data), last}});
    if (!sent) return sent.error();
    upload.sent += count;
    upload.last_sent = last;
  }
  return {};
}

Result<bool> BulkClient::take_answer(Upload& upload, const bulk::Message& message, const Progress& progress) {
  if (const auto* status = std::get_if<bulk::Status>(&message.body)) {
    if (status->error) return *status->error;
    progress(upload.input.size_bytes, upload.input.size_bytes);
    return true;
  }
  const auto* ack = std::get_if<bulk::ChunkAck>(&message.body);
  if (ack == nullptr || ack->received > upload.input.size_bytes) return false;
  // The first answer says where to start; later ones only move forward, unless the region forgot.
  if (upload.window_chunks == 0 || ack->received > upload.sent || ack->received < upload.received) {
    upload.sent = ack->received;
    upload.last_sent = false;
  }
  upload.received = ack->received;
  upload.window_chunks = std::clamp(ack->window_chunks, 1U, limits::kBulkWindowChunks);
  progress(upload.received, upload.input.size_bytes);
  if (auto sent = send_chunks(upload); !sent) return sent.error();
  return false;
}

Result<void> BulkClient::put(const Input& input, const Progress& progress) {
  Upload upload{input, Source(input), ++last_transfer_};
  const bulk::Message offer{upload.transfer, bulk::PutBlob{input.digest, input.size_bytes}};
  if (auto sent = transport_->send(offer); !sent) return sent.error();
  Duration heard = now();
  while (now().ns - heard.ns < patience_.ns) {
    auto message = next(upload.transfer);
    if (!message) return message.error();
    if (!*message) {
      upload.window_chunks = 0;  // the next answer says anew where to start
      if (auto sent = transport_->send(offer); !sent) return sent.error();
      continue;
    }
    heard = now();
    auto done = take_answer(upload, **message, progress);
    if (!done) return done.error();
    if (*done) return {};
  }
  return silence("sending " + input.label, patience_);
}

Result<Bytes> BulkClient::get(const Digest& digest, std::uint64_t size_bytes) {
  if (size_bytes > kMostInMemory) {
    return Error{ErrorCode::kExhausted, "result of " + format_size(size_bytes) + " is too large to fetch",
                 "make smaller results"};
  }
  Bytes bytes;
  bytes.reserve(size_bytes);
  const auto ask = [&] {
    return transport_->send(
        {++last_transfer_, bulk::GetBlob{digest, bytes.size(), limits::kBulkWindowChunks}});
  };
  if (auto asked = ask(); !asked) return asked.error();
  Duration heard = now();
  bool complete = false;
  while (!complete) {
    if (now().ns - heard.ns >= patience_.ns)
      return silence("fetching " + to_hex(digest).substr(0, 12), patience_);
    auto message = next(last_transfer_);
    if (!message) return message.error();
    if (!*message) {
      if (auto asked = ask(); !asked) return asked.error();
      continue;
    }
    heard = now();
    if (const auto* status = std::get_if<bulk::Status>(&(*message)->body)) {
      if (status->error) return *status->error;
      complete = bytes.size() == size_bytes;
    }
    const auto* chunk = std::get_if<bulk::Chunk>(&(*message)->body);
    if (chunk == nullptr || chunk->offset != bytes.size() || chunk->data.size() > size_bytes - bytes.size())
      continue;
    bytes.insert(bytes.end(), chunk->data.begin(), chunk->data.end());
    auto acked = transport_->send({last_transfer_, bulk::ChunkAck{bytes.size(), limits::kBulkWindowChunks}});
    if (!acked) return acked.error();
    complete = chunk->last && bytes.size() == size_bytes;
  }
  if (sha256(bytes) == digest) return bytes;
  return Error{ErrorCode::kCorrupt, "the region sent other bytes than " + to_hex(digest),
               "fetch again; if it stays, report it"};
}

}  // namespace reeve::client
