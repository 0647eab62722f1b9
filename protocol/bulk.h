#pragma once

#include <cstdint>
#include <optional>
#include <span>
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

// ---- chunks, which are most of all bytes, without a copy of their own ----

/// A Chunk whose data lies elsewhere.
struct ChunkView {
  std::uint64_t transfer = 0;
  std::uint64_t offset = 0;
  ByteView data;
  bool last = false;
};

/// How long a chunk's message is with so much data in it.
std::size_t chunk_message_bytes(std::size_t data_bytes);
struct ChunkHead {
  std::uint64_t transfer = 0;
  std::uint64_t offset = 0;
  std::size_t data_bytes = 0;
  bool last = false;
};
/// Lays out a chunk's message, in one segment, but for its data.
///   message  chunk_message_bytes(data_bytes) bytes, aligned as 64-bit words are; they may hold anything
///   returns  where in `message` the data goes: to be filled to its last byte
std::span<std::uint8_t> lay_out_chunk(const ChunkHead& head, std::span<std::uint8_t> message);
/// The chunk that a message holds; its data is a part of `bytes`. nullopt for what is no chunk, is malformed,
/// or lies where words do not: decode() says what it is.
std::optional<ChunkView> view_chunk(ByteView bytes);

}  // namespace reeve::bulk
