#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "protocol/result.h"

/// The bulk socket's messages as values and as bytes (Cap'n Proto, schema in bulk.capnp).
///
/// Upload: PutBlob or PutResult; the region answers with ChunkAck (from where on, how many chunks may be in
/// flight) or with Status; then Chunks against ChunkAcks; Status ends it. After a reconnection the same Put
/// goes on where the ChunkAck says. Download: GetBlob from an offset; Chunks against the reader's ChunkAcks;
/// Status ends it.
namespace reeve::bulk {

/// I have these bytes; the region wants them by this name or says that it has them.
struct PutBlob {
  Digest digest;
  std::uint64_t size_bytes = 0;
  bool operator==(const PutBlob&) const = default;
};

/// The result or the checkpoint of one task, asked for by msg::UploadRequest.
struct PutResult {
  AttemptId attempt;
  StepRef step;
  TaskIndex task = 0;
  std::uint64_t size_bytes = 0;
  bool checkpoint = false;
  bool operator==(const PutResult&) const = default;
};

struct GetBlob {
  Digest digest;
  std::uint64_t offset = 0;
  std::uint32_t window_chunks = 0;  // chunks that the reader takes before its first ChunkAck
  bool operator==(const GetBlob&) const = default;
};

struct Chunk {
  std::uint64_t offset = 0;
  Bytes data;  // at most limits::kBulkChunkBytes
  bool last = false;
  bool operator==(const Chunk&) const = default;
};

struct ChunkAck {
  std::uint64_t received = 0;       // bytes held in order, from the start
  std::uint32_t window_chunks = 0;  // chunks that may be in flight beyond them
  bool operator==(const ChunkAck&) const = default;
};

/// The end of a transfer: stored or given under this digest, or why not.
struct Status {
  Digest digest;
  std::optional<Error> error;
  bool operator==(const Status&) const = default;
};

struct Message {
  std::uint64_t transfer = 0;  // chosen by who opens it; unique on its connection
  std::variant<PutBlob, PutResult, GetBlob, Chunk, ChunkAck, Status> body;
  bool operator==(const Message&) const = default;
};

/// Longest message: a chunk and what is around it.
inline constexpr std::size_t kMessageBytes = (256U << 10) + 512;

Bytes encode(const Message& message);
/// As wire::decode: kInvalid names what breaks a bound.
Result<Message> decode(ByteView bytes);

}  // namespace reeve::bulk
