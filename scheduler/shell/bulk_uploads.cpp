#include "protocol/limits.h"
#include "scheduler/shell/bulk.h"
#include "scheduler/shell/clock.h"

/// The bulk socket's way in: inputs of requesters, results that agents were asked for.
namespace reeve::shell {

void BulkServer::put_blob(const net::Received& from, std::uint64_t transfer, const bulk::PutBlob& put) {
  const Link link{from.peer, transfer};
  const core::Peer sender = parts_.keys.who(from.key);
  if (sender.role != Role::kRequester && sender.role != Role::kOperator)
    return refuse(link, put.digest,
                  {ErrorCode::kNotAllowed, "only requesters bring inputs", "use a requester's key"});
  if (put.size_bytes > limits::kBlobBytes)
    return refuse(link, put.digest,
                  {ErrorCode::kExhausted,
                   "size: " + std::to_string(put.size_bytes) + " bytes are more than the " +
                       std::to_string(limits::kBlobBytes) + " of a blob",
                   "split the input"});
  if (parts_.blobs.claim(put.digest, wall_now())) {
    send(link, bulk::Status{put.digest, std::nullopt});
    return;
  }
  if (const Result<void> reserve = parts_.blobs.check_reserve(); !reserve)
    return refuse(link, put.digest, reserve.error());
  if (const Result<void> room = parts_.blobs.expect_upload(sender.party, put.digest, put.size_bytes); !room)
    return refuse(link, put.digest, room.error());
  Upload upload;
  upload.digest = put.digest;
  upload.size_bytes = put.size_bytes;
  open_upload(from, transfer, std::move(upload));
}

void BulkServer::put_result(const net::Received& from, std::uint64_t transfer, const bulk::PutResult& put) {
  const Link link{from.peer, transfer};
  const std::optional<ExpectedUpload> expected =
      parts_.uploads.expected({put.attempt, put.task, put.checkpoint});
  if (!expected || expected->agent != parts_.keys.who(from.key).agent)
    return refuse(link, {},
                  {ErrorCode::kNotAllowed, "this result was not asked for", "wait for an upload request"});
  if (put.size_bytes != expected->size_bytes)
    return refuse(link, {},
                  {ErrorCode::kInvalid,
                   "size: " + std::to_string(put.size_bytes) + " bytes where the report said " +
                       std::to_string(expected->size_bytes),
                   ""});
  if (put.checkpoint)
    if (const Result<void> reserve = parts_.blobs.check_reserve(); !reserve)
      return refuse(link, {}, reserve.error());
  Upload upload;
  upload.size_bytes = put.size_bytes;
  upload.result = put;
  upload.root = expected->root;
  upload.hasher = std::make_unique<ResultHasher>(expected->leaf_bytes);
  open_upload(from, transfer, std::move(upload));
}

/// An upload that this key began before goes on where it stopped.
void BulkServer::open_upload(const net::Received& from, std::uint64_t transfer, Upload upload) {
  const Link link{from.peer, transfer};
  for (auto known = uploads_.begin(); known != uploads_.end(); ++known) {
    const Upload& other = known->second;
    if (other.key != from.key || other.digest != upload.digest || other.size_bytes != upload.size_bytes ||
        other.result != upload.result)
      continue;
    auto node = uploads_.extract(known);
    node.key() = link;
    node.mapped().link = link;
    node.mapped().last = wall_now();
    const std::uint64_t have = node.mapped().writer->size_bytes();
    node.mapped().acked = have;
    uploads_.insert(std::move(node));
    send(link, bulk::ChunkAck{have, limits::kBulkWindowChunks});
    return;
  }
  if (transfers_of(from.key) >= kTransfersPerKey || uploads_.size() >= kTransfers)
    return refuse(link, upload.digest,
                  {ErrorCode::kExhausted, "too many transfers at once", "finish some of them first"});
  Result<std::unique_ptr<BlobWriter>> writer = open_writer(upload);
  if (!writer) return refuse(link, upload.digest, writer.error());
  upload.key = from.key;
  upload.link = link;
  upload.writer = std::move(*writer);
  upload.last = wall_now();
  upload.acked = upload.writer->size_bytes();
  const auto opened = uploads_.insert_or_assign(link, std::move(upload)).first;
  if (opened->second.size_bytes == opened->second.acked) return finish_upload(opened);
  send(link, bulk::ChunkAck{opened->second.acked, limits::kBulkWindowChunks});
}

/// An input goes on from what came of it before a restart; a result comes anew.
Result<std::unique_ptr<BlobWriter>> BulkServer::open_writer(const Upload& upload) {
  BlobStore& store = parts_.blobs.store();
  if (upload.result) return store.begin();
  Result<std::unique_ptr<BlobWriter>> writer = store.resume(upload.digest);
  if (writer && (*writer)->size_bytes() > upload.size_bytes) return store.begin();
  return writer;
}

void BulkServer::take_chunk(const net::Received& from, const bulk::ChunkView& chunk) {
  const auto found = uploads_.find({from.peer, chunk.transfer});
  if (found == uploads_.end()) return;
  Upload& upload = found->second;
  const std::uint64_t have = upload.writer->size_bytes();
  if (chunk.offset != have || chunk.data.size() > upload.size_bytes - have) {
    refuse(upload.link, upload.digest,
           {ErrorCode::kInvalid,
            "chunk: bytes from " + std::to_string(chunk.offset) + " do not follow " + std::to_string(have) +
                " of " + std::to_string(upload.size_bytes),
            "begin the transfer again"});
    uploads_.erase(found);
    return;
  }
  Result<void> written = upload.writer->write(chunk.data);
  if (written && upload.hasher && !upload.hasher->add(chunk.data))
    written = Error{ErrorCode::kExhausted, "the result has too many leaves", ""};
  if (!written) {
    refuse(upload.link, upload.digest, written.error());
    uploads_.erase(found);
    return;
  }
  upload.last = wall_now();
  const std::uint64_t now_have = upload.writer->size_bytes();
  if (now_have == upload.size_bytes) return finish_upload(found);
  if (now_have - upload.acked < limits::kBulkWindowChunks / 4 * limits::kBulkChunkBytes) return;
  upload.acked = now_have;
  send(upload.link, bulk::ChunkAck{now_have, limits::kBulkWindowChunks});
}

Result<Digest> BulkServer::store(Upload& upload) {
  Digest name = upload.digest;
  if (upload.hasher) {
    const ResultHasher::Hashes hashes = upload.hasher->finish();
    if (hashes.root != upload.root)
      return Error{ErrorCode::kCorrupt, "the bytes do not give the root that was reported",
                   "an attempt's report and its result must be the same bytes"};
    name = hashes.whole;
  }
  if (Result<void> done = upload.writer->finish(name); !done) return done.error();
  if (!upload.result || !upload.result->checkpoint) parts_.blobs.claim(name, wall_now());
  return name;
}

void BulkServer::finish_upload(std::map<Link, Upload>::iterator found) {
  Upload upload = std::move(found->second);
  uploads_.erase(found);
  const Result<Digest> stored = store(upload);
  if (!stored && !upload.result) parts_.blobs.forget_upload(upload.digest);
  if (upload.result) {
    core::UploadFinished input;
    input.step = upload.result->step;
    input.task = upload.result->task;
    input.attempt = upload.result->attempt;
    input.checkpoint = upload.result->checkpoint;
    input.ok = stored.ok();
    if (stored) input.blob = *stored;
    if (stored) input.root = upload.root;
    input.size_bytes = upload.size_bytes;
    parts_.uploads.finished(input);
  }
  if (stored)
    send(upload.link, bulk::Status{*stored, std::nullopt});
  else
    refuse(upload.link, upload.digest, stored.error());
}

}  // namespace reeve::shell
