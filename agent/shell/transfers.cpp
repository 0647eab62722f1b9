#include "agent/shell/transfers.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/shell/files.h"
#include "protocol/limits.h"

namespace reeve::agent {
namespace {

/// At once, of each kind; the others wait their turn.
constexpr std::size_t kActive = 4;
/// A transfer without a sign of life for this long is begun anew.
constexpr Duration kQuiet = seconds(20);
constexpr std::uint32_t kAttempts = 5;
constexpr std::uint32_t kDamaged = 2;

net::SocketSettings bulk_settings() {
  net::SocketSettings settings;
  settings.max_message_bytes = bulk::kMessageBytes;
  settings.send_queue_messages = 4 * static_cast<int>(limits::kBulkWindowChunks);
  return settings;
}

}  // namespace

Result<void> Transfers::open(std::uint32_t port, Time now) {
  close();
  auto socket = net::ClientSocket::connect(context_, region_.host, static_cast<std::uint16_t>(port),
                                           region_.server, region_.key, bulk_settings());
  if (!socket) return socket.error();
  socket_.emplace(std::move(socket).value());
  for (auto& [id, download] : downloads_)
    download.quiet_since = now;
  for (auto& [id, upload] : uploads_)
    upload.quiet_since = now;
  return {};
}

void Transfers::close() {
  socket_.reset();
  connected_ = false;
  for (auto& [id, download] : downloads_)
    forget(download);
  for (auto& [id, upload] : uploads_)
    upload.begun = false;
}

void Transfers::forget(Download& download) {
  download.stream.flush();  // what does not get there comes again
  if (download.file >= 0) ::close(download.file);
  download.file = -1;
  download.stream = StreamFile();
  download.begun = false;
}

void Transfers::fetch(const Digest& digest, Time now) {
  const bool known = std::any_of(downloads_.begin(), downloads_.end(),
                                 [&digest](const auto& entry) { return entry.second.digest == digest; });
  if (known) return;
  Download& download = downloads_[next_id_++];
  download.digest = digest;
  download.quiet_since = now;
}

void Transfers::upload(const msg::UploadRequest& request, std::filesystem::path file, Time now) {
  const bool known = std::any_of(uploads_.begin(), uploads_.end(),
                                 [&request](const auto& entry) { return entry.second.request == request; });
  if (known) return;
  Upload& upload = uploads_[next_id_++];
  upload.request = request;
  upload.file = std::move(file);
  upload.quiet_since = now;
}

bool Transfers::send(TransferId id, decltype(bulk::Message::body) body) {
  return socket_ && socket_->send(bulk::encode({id, std::move(body)})) == net::Sent::kSent;
}

void Transfers::pump(Time now, std::vector<Input>& inputs, std::vector<Log>& log) {
  if (!socket_) return;
  while (const auto event = socket_->try_event()) {
    connected_ = *event == net::LinkEvent::kConnected;
    for (auto& [id, download] : downloads_)
      forget(download);
    for (auto& [id, upload] : uploads_)
      upload.begun = false;
  }
  for (unsigned n = 0; n < 4 * limits::kBulkWindowChunks; ++n) {
    const auto payload = socket_->try_receive();
    if (!payload) break;
    if (const auto chunk = bulk::view_chunk(*payload)) {
      take_chunk(*chunk, now);
    } else if (const auto message = bulk::decode(*payload)) {
      take(message.value(), now, inputs, log);
    }
  }
  if (!connected_) return;
  restart_quiet(now);
  start_some(now, inputs, log);
  for (auto& [id, upload] : uploads_) {
    if (upload.begun) feed(id, upload);
  }
}

void Transfers::restart_quiet(Time now) {
  for (auto& [id, download] : downloads_) {
    if (download.begun && now - download.quiet_since > kQuiet) forget(download);
  }
  for (auto& [id, upload] : uploads_) {
    if (upload.begun && now - upload.quiet_since > kQuiet) upload.begun = false;
  }
}

void Transfers::start_some(Time now, std::vector<Input>& inputs, std::vector<Log>& log) {
  const auto active = [](const auto& all) {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& entry) { return entry.second.begun; }));
  };
  std::size_t running = active(downloads_);
  for (auto entry = downloads_.begin(); entry != downloads_.end() && running < kActive;) {
    Download& download = entry->second;
    if (download.begun) {
      ++entry;
      continue;
    }
    download.quiet_since = now;
    const Result<void> begun = download.attempts < kAttempts
                                   ? begin(download, entry->first)
                                   : Error{ErrorCode::kUnreachable, "the region does not deliver it", ""};
    if (begun) {
      ++running;
      ++entry;
    } else {
      inputs.push_back(InputFailed{download.digest, begun.error().message});
      entry = downloads_.erase(entry);
    }
  }
  running = active(uploads_);
  for (auto entry = uploads_.begin(); entry != uploads_.end() && running < kActive;) {
    Upload& upload = entry->second;
    upload.quiet_since = upload.begun ? upload.quiet_since : now;
    if (upload.begun || (upload.attempts < kAttempts && begin(upload, entry->first))) {
      ++running;
      ++entry;
    } else {
      log.push_back(
          {Severity::kError, "cannot upload " + upload.file.string() + "; the region will ask again"});
      if (upload.request.checkpoint)
        inputs.push_back(CheckpointUploaded{upload.request.attempt, upload.request.task});
      entry = uploads_.erase(entry);
    }
  }
}

/// Goes on from the bytes that an earlier attempt left.
Result<void> Transfers::begin(Download& download, TransferId id) {
  const std::filesystem::path path = cache_.partial_path(download.digest);
  download.file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (download.file < 0) return file_error("create", path);
  download.hash.reset();
  std::uint64_t there_bytes = 0;
  std::array<std::uint8_t, 65536> buffer;
  for (ssize_t n = 0; (n = read(download.file, buffer.data(), buffer.size())) > 0;) {
    download.hash.update({buffer.data(), static_cast<std::size_t>(n)});
    there_bytes += static_cast<std::uint64_t>(n);
  }
  if (!writer_) writer_ = std::make_shared<PieceWriter>();
  download.stream = StreamFile(download.file, there_bytes, writer_);
  download.begun = true;
  if (!send(id, bulk::GetBlob{download.digest, there_bytes, limits::kBulkWindowChunks})) forget(download);
  if (download.begun) ++download.attempts;
  return {};
}

bool Transfers::begin(Upload& upload, TransferId id) {
  std::error_code error;
  upload.size = std::filesystem::file_size(upload.file, error);
  if (error) return false;
  upload.sent = upload.acked = 0;
  upload.window = 0;
  const msg::UploadRequest& request = upload.request;
  upload.begun =
      send(id, bulk::PutResult{request.attempt, request.step, request.task, upload.size, request.checkpoint});
  if (upload.begun) ++upload.attempts;
  return true;
}

void Transfers::take(const bulk::Message& message, Time now, std::vector<Input>& inputs,
                     std::vector<Log>& log) {
  if (const auto found = downloads_.find(message.transfer);
      found != downloads_.end() && found->second.begun) {
    Download& download = found->second;
    download.quiet_since = now;
    if (const auto* chunk = std::get_if<bulk::Chunk>(&message.body))
      take_chunk({message.transfer, chunk->offset, chunk->data, chunk->last}, now);
    const auto* status = std::get_if<bulk::Status>(&message.body);
    if (status && finish(download, *status, inputs)) downloads_.erase(found);
    return;
  }
  const auto found = uploads_.find(message.transfer);
  if (found == uploads_.end() || !found->second.begun) return;
  Upload& upload = found->second;
  upload.quiet_since = now;
  if (const auto* ack = std::get_if<bulk::ChunkAck>(&message.body)) {
    if (upload.window == 0) upload.sent = ack->received;  // its first: where to go on
    upload.acked = ack->received;
    upload.window = std::max(ack->window_chunks, 1U);
    upload.attempts = 1;
  }
  if (const auto* status = std::get_if<bulk::Status>(&message.body)) {
    if (status->error)
      log.push_back(
          {Severity::kWarning, "the region did not take " +
                                   std::string(upload.request.checkpoint ? "a checkpoint" : "a result") +
                                   ": " + status->error->message});
    if (upload.request.checkpoint)
      inputs.push_back(CheckpointUploaded{upload.request.attempt, upload.request.task});
    uploads_.erase(found);
  }
}

void Transfers::take_chunk(const bulk::ChunkView& chunk, Time now) {
  const auto found = downloads_.find(chunk.transfer);
  if (found == downloads_.end() || !found->second.begun) return;
  Download& download = found->second;
  download.quiet_since = now;
  if (chunk.offset != download.stream.size_bytes()) return;
  if (download.stream.write(chunk.data) != 0) {
    forget(download);
    return;
  }
  download.hash.update(chunk.data);
  download.attempts = 1;
  send(chunk.transfer, bulk::ChunkAck{download.stream.size_bytes(), limits::kBulkWindowChunks});
}

/// True if the download is over, well or badly; false if it is to begin anew.
bool Transfers::finish(Download& download, const bulk::Status& status, std::vector<Input>& inputs) {
  if (status.error) {
    const std::string why = status.error->message;
    forget(download);
    inputs.push_back(InputFailed{download.digest, "input sha256:" + to_hex(download.digest) + ": " + why});
    return true;
  }
  const bool right = Sha256(download.hash).finish() == download.digest;
  const std::uint64_t size_bytes = download.stream.size_bytes();
  const bool synced = right && download.stream.flush() == 0 && fdatasync(download.file) == 0;
  forget(download);
  if (!right) {
    std::error_code ignored;  // it is written over anyway
    std::filesystem::remove(cache_.partial_path(download.digest), ignored);
    if (++download.damaged < kDamaged) return false;
    inputs.push_back(
        InputFailed{download.digest, "the region delivers other bytes than the input's name says"});
    return true;
  }
  if (synced && cache_.adopt(download.digest, size_bytes)) {
    inputs.push_back(InputReady{download.digest});
  } else {
    inputs.push_back(InputFailed{download.digest, "this agent's disk did not take an input of the step"});
  }
  return true;
}

/// Sends chunks up to the window that the region gave.
void Transfers::feed(TransferId id, Upload& upload) {
  const std::uint64_t limit = upload.acked + std::uint64_t{upload.window} * limits::kBulkChunkBytes;
  if (upload.sent >= std::min(upload.size, limit)) return;
  const int file = ::open(upload.file.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    upload.begun = false;
    return;
  }
  while (upload.sent < std::min(upload.size, limit)) {
    const std::uint64_t n = std::min<std::uint64_t>(limits::kBulkChunkBytes, upload.size - upload.sent);
    net::Frame message(bulk::chunk_message_bytes(n));
    const auto data =
        bulk::lay_out_chunk({id, upload.sent, n, upload.sent + n == upload.size}, message.writable());
    if (pread(file, data.data(), n, static_cast<off_t>(upload.sent)) != static_cast<ssize_t>(n)) break;
    if (!socket_ || socket_->send(std::move(message)) != net::Sent::kSent) break;
    upload.sent += n;
  }
  ::close(file);
}

}  // namespace reeve::agent
