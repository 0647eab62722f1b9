#include "scheduler/shell/bulk.h"

#include <algorithm>
#include <utility>

#include "protocol/limits.h"
#include "scheduler/shell/clock.h"

namespace reeve::shell {
namespace {

constexpr Duration kWait = milliseconds(1000);

}  // namespace

BulkServer::BulkServer(net::ServerSocket socket, Parts parts)
    : socket_(std::move(socket)), parts_(std::move(parts)), thread_([this] { run(); }) {}

BulkServer::~BulkServer() {
  stop_ = true;
  wakeup_.wake();
  thread_.join();
}

void BulkServer::run() {
  net::Poller poller;
  poller.watch(socket_.raw());
  poller.watch(wakeup_);
  Time next_look = wall_now() + kWait;
  while (!stop_) {
    poller.wait(kWait);
    constexpr int kPerTurn = 64;
    for (int i = 0; i < kPerTurn; ++i) {
      const std::optional<net::Received> received = socket_.try_receive();
      if (!received) break;
      on_received(*received);
    }
    if (wall_now() < next_look) continue;
    answer_early();
    drop_idle();
    next_look = wall_now() + kWait;
  }
}

void BulkServer::on_received(const net::Received& received) {
  if (parts_.keys.who(received.key).role == Role::kStranger) return;
  if (const auto chunk = bulk::view_chunk(received.payload)) {
    bytes_in_ += received.payload.size();
    return take_chunk(received, *chunk);
  }
  const Result<bulk::Message> message = bulk::decode(received.payload);
  if (!message) return;
  const std::uint64_t transfer = message->transfer;
  bytes_in_ += received.payload.size();
  if (const auto* put = std::get_if<bulk::PutBlob>(&message->body)) put_blob(received, transfer, *put);
  if (const auto* put = std::get_if<bulk::PutResult>(&message->body)) put_result(received, transfer, *put);
  if (const auto* get = std::get_if<bulk::GetBlob>(&message->body))
    get_blob(received, transfer, *get, wall_now());
  if (const auto* chunk = std::get_if<bulk::Chunk>(&message->body))
    take_chunk(received, {transfer, chunk->offset, chunk->data, chunk->last});
  if (const auto* ack = std::get_if<bulk::ChunkAck>(&message->body)) on_ack(received, transfer, *ack);
  if (std::holds_alternative<bulk::Status>(message->body)) {  // the peer gives up
    uploads_.erase({received.peer, transfer});
    downloads_.erase({received.peer, transfer});
  }
}

bool BulkServer::send(const Link& link, decltype(bulk::Message::body) body) {
  const Bytes bytes = bulk::encode({link.transfer, std::move(body)});
  bytes_out_ += bytes.size();
  return socket_.send(link.route, bytes) == net::Sent::kSent;
}

/// Reads the next bytes of the blob into the message that carries them. False where the transfer is over.
Result<bool> BulkServer::send_chunk(const Link& link, Download& state, std::size_t size_bytes) {
  const bool last = state.sent + size_bytes == state.reader->size_bytes();
  net::Frame message(bulk::chunk_message_bytes(size_bytes));
  const auto data = bulk::lay_out_chunk({link.transfer, state.sent, size_bytes, last}, message.writable());
  const Result<std::size_t> got = state.reader->read(state.sent, data);
  if (!got) return got.error();
  if (*got != size_bytes)
    return Error{ErrorCode::kCorrupt, "the blob is shorter than it was", "submit it again"};
  state.sent += size_bytes;
  bytes_out_ += message.size();
  return socket_.send(link.route, std::move(message)) == net::Sent::kSent;
}

void BulkServer::refuse(const Link& link, const Digest& digest, Error why) {
  send(link, bulk::Status{digest, std::move(why)});
}

std::size_t BulkServer::transfers_of(const TransportKey& key) const {
  const auto is_mine = [&key](const auto& entry) { return entry.second.key == key; };
  return static_cast<std::size_t>(std::count_if(uploads_.begin(), uploads_.end(), is_mine) +
                                  std::count_if(downloads_.begin(), downloads_.end(), is_mine));
}

void BulkServer::drop_idle() {
  const Time now = wall_now();
  const auto idle = [now](const auto& entry) { return now - entry.second.last > kIdle; };
  std::erase_if(uploads_, idle);
  std::erase_if(downloads_, idle);
}

BulkServer::Access BulkServer::access(const core::Peer& peer, const Digest& digest) const {
  const auto when = [](bool granted) { return granted ? Access::kGranted : Access::kDenied; };
  switch (peer.role) {
    case Role::kOperator: return Access::kGranted;
    case Role::kReferee:  // the operator's own; results that it is to compare no job names
      if (parts_.blobs.names(digest, PartyId())) return Access::kGranted;
      [[fallthrough]];
    case Role::kAgent: {
      if (peer.role == Role::kAgent && !parts_.blobs.names(digest, PartyId())) return Access::kDenied;
      const std::optional<bool> needed = parts_.needs_input(peer.agent, digest);
      return needed ? when(*needed) : Access::kNotKnownYet;
    }
    case Role::kRequester:
      return when(parts_.blobs.names(digest, peer.party) || parts_.is_result_of(digest, peer.party));
    default: return Access::kDenied;
  }
}

bool BulkServer::put_off(const net::Received& from, std::uint64_t transfer, const bulk::GetBlob& get,
                         Time since) {
  if (early_.size() >= kMostEarly || wall_now() - since > kEarly) return false;
  early_.push_back({{from.peer, from.key, {}}, transfer, get, since});
  return true;
}

void BulkServer::answer_early() {
  for (const Early& early : std::exchange(early_, {}))
    get_blob(early.from, early.transfer, early.get, early.since);
}

void BulkServer::get_blob(const net::Received& from, std::uint64_t transfer, const bulk::GetBlob& get,
                          Time since) {
  const Link link{from.peer, transfer};
  const Access granted = access(parts_.keys.who(from.key), get.digest);
  if (granted == Access::kNotKnownYet && put_off(from, transfer, get, since)) return;
  Result<std::unique_ptr<BlobReader>> reader = Error{ErrorCode::kNotFound, "", ""};
  if (granted == Access::kGranted) reader = parts_.blobs.store().open(get.digest);
  // Who may not have a blob does not learn whether it exists.
  if (!reader)
    return refuse(link, get.digest,
                  {ErrorCode::kNotFound, "no blob sha256:" + to_hex(get.digest.bytes) + " for this key",
                   "a job of yours, or a task that you hold, must name it"});
  const std::uint64_t size_bytes = (*reader)->size_bytes();
  if (get.offset > size_bytes)
    return refuse(link, get.digest,
                  {ErrorCode::kInvalid, "offset: beyond the blob's " + std::to_string(size_bytes), ""});
  if (transfers_of(from.key) >= kTransfersPerKey || downloads_.size() >= kTransfers)
    return refuse(link, get.digest,
                  {ErrorCode::kExhausted, "too many transfers at once", "finish some of them first"});
  const std::uint64_t window = std::min(get.window_chunks, limits::kBulkWindowChunks);
  Download download{
      from.key,  get.digest, std::move(*reader), get.offset, get.offset + window * limits::kBulkChunkBytes,
      wall_now()};
  pump(downloads_.insert_or_assign(link, std::move(download)).first);
}

void BulkServer::on_ack(const net::Received& from, std::uint64_t transfer, const bulk::ChunkAck& ack) {
  const auto download = downloads_.find({from.peer, transfer});
  if (download == downloads_.end() || ack.received > download->second.sent) return;
  const std::uint64_t window = std::min(ack.window_chunks, limits::kBulkWindowChunks);
  download->second.allowed =
      std::max(download->second.allowed, ack.received + window * limits::kBulkChunkBytes);
  download->second.last = wall_now();
  pump(download);
}

/// Sends what the reader's window allows. A reader that does not keep up is dropped; it may resume.
void BulkServer::pump(std::map<Link, Download>::iterator download) {
  Download& state = download->second;
  const std::uint64_t size_bytes = state.reader->size_bytes();
  while (true) {
    const std::uint64_t room = std::min(size_bytes, state.allowed) - state.sent;
    const std::uint64_t next = std::min<std::uint64_t>(limits::kBulkChunkBytes, room);
    if (next == 0 && state.sent < size_bytes) return;
    const Result<bool> sent = send_chunk(download->first, state, static_cast<std::size_t>(next));
    if (!sent) refuse(download->first, state.digest, sent.error());
    if (!sent || !*sent) break;
    if (state.sent < size_bytes) continue;
    send(download->first, bulk::Status{state.digest, std::nullopt});
    break;
  }
  downloads_.erase(download);
}

}  // namespace reeve::shell
