#include "protocol/bulk.h"

#include <capnp/serialize.h>

#include <algorithm>

#include "protocol/bulk.capnp.h"
#include "protocol/check.h"
#include "protocol/wire_topics.h"

namespace reeve::bulk {
namespace {

using bulk_schema::Envelope;
using wire::data_of;

static_assert(kMessageBytes > limits::kBulkChunkBytes);

constexpr std::size_t kWordBytes = sizeof(capnp::word);
/// One segment: its table, then the pointer to the root, both structs, and the data.
constexpr std::size_t kTableBytes = 8;
constexpr std::size_t kChunkHeadBytes = kTableBytes + kWordBytes * (1 + capnp::sizeInWords<Envelope>() +
                                                                    capnp::sizeInWords<bulk_schema::Chunk>());

void put(Envelope::Builder out, const PutBlob& in) {
  auto put_blob = out.initPutBlob();
  put_blob.setDigest(data_of(in.digest.bytes));
  put_blob.setSizeBytes(in.size_bytes);
}

void put(Envelope::Builder out, const PutResult& in) {
  auto put_result = out.initPutResult();
  put_result.setAttempt(in.attempt.value());
  wire::put_step(put_result, in.step);
  put_result.setTask(in.task);
  put_result.setSizeBytes(in.size_bytes);
  put_result.setCheckpoint(in.checkpoint);
}

void put(Envelope::Builder out, const GetBlob& in) {
  auto get_blob = out.initGetBlob();
  get_blob.setDigest(data_of(in.digest.bytes));
  get_blob.setOffset(in.offset);
  get_blob.setWindowChunks(in.window_chunks);
}

void put(Envelope::Builder out, const Chunk& in) {
  auto chunk = out.initChunk();
  chunk.setOffset(in.offset);
  chunk.setData(data_of(in.data));
  chunk.setLast(in.last);
}

void put(Envelope::Builder out, const ChunkAck& in) {
  auto ack = out.initChunkAck();
  ack.setReceived(in.received);
  ack.setWindowChunks(in.window_chunks);
}

void put(Envelope::Builder out, const Status& in) {
  auto status = out.initStatus();
  status.setDigest(data_of(in.digest.bytes));
  if (in.error)
    wire::put(status.initError(), *in.error);
  else
    status.setDone();
}

std::uint64_t read_size(std::uint64_t size_bytes) {
  wire::check_length(size_bytes, limits::kBlobBytes, "a blob");
  return size_bytes;
}

std::uint32_t read_window(std::uint32_t chunks) {
  wire::check_length(chunks, limits::kBulkWindowChunks, "a window of chunks");
  return chunks;
}

Digest read_digest(capnp::Data::Reader in) {
  return {wire::read_fixed<32>(in, "digest")};
}

PutResult get(bulk_schema::PutResult::Reader in) {
  return {AttemptId(in.getAttempt()), wire::read_step(in), in.getTask(), read_size(in.getSizeBytes()),
          in.getCheckpoint()};
}

GetBlob get(bulk_schema::GetBlob::Reader in) {
  return {read_digest(in.getDigest()), read_size(in.getOffset()), read_window(in.getWindowChunks())};
}

Chunk get(bulk_schema::Chunk::Reader in) {
  return {read_size(in.getOffset()), wire::read_data(in.getData(), limits::kBulkChunkBytes, "a chunk"),
          in.getLast()};
}

Status get(bulk_schema::Status::Reader in) {
  Status out;
  out.digest = read_digest(in.getDigest());
  switch (in.which()) {
    case bulk_schema::Status::DONE: return out;
    case bulk_schema::Status::ERROR: out.error = wire::get(in.getError()); return out;
  }
  wire::refuse(
      "status " + std::to_string(static_cast<unsigned>(in.which())) + " is not known to this protocol",
      "upgrade the older side");
}

Message read_envelope(Envelope::Reader in) {
  const std::uint64_t transfer = in.getTransfer();
  switch (in.which()) {
    case Envelope::PUT_BLOB: {
      const auto put_blob = in.getPutBlob();
      return {transfer, PutBlob{read_digest(put_blob.getDigest()), read_size(put_blob.getSizeBytes())}};
    }
    case Envelope::PUT_RESULT: return {transfer, get(in.getPutResult())};
    case Envelope::GET_BLOB: return {transfer, get(in.getGetBlob())};
    case Envelope::CHUNK: return {transfer, get(in.getChunk())};
    case Envelope::CHUNK_ACK: {
      const auto ack = in.getChunkAck();
      return {transfer, ChunkAck{read_size(ack.getReceived()), read_window(ack.getWindowChunks())}};
    }
    case Envelope::STATUS: return {transfer, get(in.getStatus())};
  }
  wire::refuse("bulk message kind " + std::to_string(static_cast<unsigned>(in.which())) +
                   " is not known to this protocol",
               "upgrade the older side");
}

}  // namespace

Bytes encode(const Message& message) {
  capnp::MallocMessageBuilder builder(wire::scratch_words());
  auto envelope = builder.initRoot<Envelope>();
  envelope.setTransfer(message.transfer);
  std::visit([&](const auto& body) { put(envelope, body); }, message.body);
  return wire::message_bytes(builder);
}

Result<Message> decode(ByteView bytes) {
  Message message;
  const auto read_root = [](capnp::MessageReader& reader, void* out) {
    *static_cast<Message*>(out) = read_envelope(reader.getRoot<Envelope>());
  };
  const auto read = wire::read_message(bytes, kMessageBytes, read_root, &message);
  if (!read) return read.error();
  return message;
}

std::size_t chunk_message_bytes(std::size_t data_bytes) {
  return kChunkHeadBytes + (data_bytes + kWordBytes - 1) / kWordBytes * kWordBytes;
}

std::span<std::uint8_t> lay_out_chunk(const ChunkHead& head, std::span<std::uint8_t> message) {
  const std::size_t size = chunk_message_bytes(head.data_bytes);
  REEVE_CHECK(message.size() == size && reinterpret_cast<std::uintptr_t>(message.data()) % kWordBytes == 0,
              "a chunk's message has its size and lies on words");
  std::fill_n(message.begin(), kChunkHeadBytes, std::uint8_t{0});
  if (head.data_bytes > 0) std::fill_n(message.end() - kWordBytes, kWordBytes, std::uint8_t{0});
  const std::size_t words = (size - kTableBytes) / kWordBytes;
  for (unsigned i = 0; i < 4; ++i)  // after the number of segments less one, which is 0
    message[4 + i] = static_cast<std::uint8_t>(words >> (8 * i));
  capnp::FlatMessageBuilder builder(
      kj::arrayPtr(reinterpret_cast<capnp::word*>(message.data() + kTableBytes), words));
  auto envelope = builder.initRoot<Envelope>();
  envelope.setTransfer(head.transfer);
  auto out = envelope.initChunk();
  out.setOffset(head.offset);
  out.setLast(head.last);
  capnp::Data::Builder data = out.initData(static_cast<unsigned>(head.data_bytes));
  builder.requireFilled();
  return {data.begin(), data.size()};
}

std::optional<ChunkView> view_chunk(ByteView bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kWordBytes != 0) return std::nullopt;
  std::optional<ChunkView> view;
  const auto read_root = [](capnp::MessageReader& reader, void* out) {
    const auto envelope = reader.getRoot<Envelope>();
    if (!envelope.isChunk()) return;
    const auto chunk = envelope.getChunk();
    const capnp::Data::Reader data = chunk.getData();
    wire::check_length(data.size(), limits::kBulkChunkBytes, "a chunk");
    *static_cast<std::optional<ChunkView>*>(out) = ChunkView{
        envelope.getTransfer(), read_size(chunk.getOffset()), {data.begin(), data.size()}, chunk.getLast()};
  };
  if (!wire::read_message(bytes, kMessageBytes, read_root, &view)) return std::nullopt;
  return view;
}

}  // namespace reeve::bulk
