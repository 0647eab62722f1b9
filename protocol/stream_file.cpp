#include "protocol/stream_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <optional>
#include <utility>

namespace reeve {
namespace {

/// Of memory, offsets and lengths: what every block device takes.
constexpr std::size_t kAlignment = 4096;

struct Free {
  void operator()(std::uint8_t* buffer) const { std::free(buffer); }
};
using Buffer = std::unique_ptr<std::uint8_t, Free>;

Buffer piece_buffer() {
  Buffer buffer(static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, StreamFile::kPieceBytes)));
  if (!buffer) throw std::bad_alloc();
  return buffer;
}

}  // namespace

PieceWriter::PieceWriter() : thread_([this] { run(); }) {}

PieceWriter::~PieceWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::future<int> PieceWriter::write(std::function<int()> piece) {
  std::packaged_task<int()> task(std::move(piece));
  std::future<int> done = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    pieces_.push_back(std::move(task));
  }
  wake_.notify_one();
  return done;
}

void PieceWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stop_ || !pieces_.empty(); });
    if (pieces_.empty()) return;
    std::packaged_task<int()> piece = std::move(pieces_.front());
    pieces_.pop_front();
    lock.unlock();
    piece();
    lock.lock();
  }
}

/// Lies still while the writer's thread is at work for it; that one touches nothing but what write_piece()
/// does, and meanwhile nobody else does.
class StreamFile::State {
 public:
  State(int fd, std::uint64_t size_bytes, std::shared_ptr<PieceWriter> writer)
      : fd_(fd), begin_(size_bytes), written_(size_bytes), writer_(std::move(writer)) {}
  ~State() { settle(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::uint64_t size_bytes() const { return begin_ + pending_; }

  int write(ByteView bytes) {
    if (!filling_ && !bytes.empty()) filling_ = piece_buffer();
    while (!bytes.empty() && error_ == 0) {
      const std::size_t piece = kPieceBytes - begin_ % kPieceBytes;
      const std::size_t now = std::min(bytes.size(), piece - pending_);
      std::copy_n(bytes.data(), now, filling_.get() + pending_);
      pending_ += now;
      bytes = bytes.subspan(now);
      if (pending_ == piece) hand_over();
    }
    return error_;
  }

  int flush() {
    settle();
    if (pending_ > 0 && error_ == 0) {
      const std::size_t bytes = std::exchange(pending_, 0);
      begin_ += bytes;
      error_ = write_piece(filling_.get(), bytes);
    }
    return error_;
  }

 private:
  /// Waits until no piece is on its way.
  void settle() {
    if (!under_way_) return;
    const int error = std::exchange(under_way_, std::nullopt)->get();
    if (error_ == 0) error_ = error;
  }

  /// Has the piece written that was filled, and goes on with the other buffer.
  void hand_over() {
    settle();
    const std::size_t bytes = std::exchange(pending_, 0);
    begin_ += bytes;
    if (error_ != 0) return;
    if (!writer_) {
      error_ = write_piece(filling_.get(), bytes);
      return;
    }
    if (!leaving_) leaving_ = piece_buffer();
    std::swap(filling_, leaving_);
    under_way_ = writer_->write([this, bytes] { return write_piece(leaving_.get(), bytes); });
  }

  int write_piece(const std::uint8_t* piece, std::size_t bytes);
  bool set_direct(bool direct);

  const int fd_;
  std::uint64_t begin_;  // of the piece that is filled
  std::size_t pending_ = 0;
  Buffer filling_;
  int error_ = 0;
  std::optional<std::future<int>> under_way_;
  // the writer's while a piece is under way
  Buffer leaving_;
  std::uint64_t written_;
  bool direct_ = false;
  bool may_be_direct_ = true;
  std::shared_ptr<PieceWriter> writer_;
};

StreamFile::StreamFile(int fd, std::uint64_t size_bytes, std::shared_ptr<PieceWriter> writer)
    : state_(std::make_unique<State>(fd, size_bytes, std::move(writer))) {}
StreamFile::~StreamFile() = default;
StreamFile::StreamFile(StreamFile&&) noexcept = default;
StreamFile& StreamFile::operator=(StreamFile&&) noexcept = default;

std::uint64_t StreamFile::size_bytes() const {
  return state_->size_bytes();
}

int StreamFile::write(ByteView bytes) {
  return state_->write(bytes);
}

int StreamFile::flush() {
  return state_->flush();
}

/// False where the file system writes through the page cache alone.
bool StreamFile::State::set_direct(bool direct) {
  if (direct == direct_) return true;
  const int flags = fcntl(fd_, F_GETFL);
  if (flags < 0 || fcntl(fd_, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) != 0) return false;
  direct_ = direct;
  return true;
}

int StreamFile::State::write_piece(const std::uint8_t* piece, std::size_t bytes) {
  const bool aligned = written_ % kAlignment == 0 && bytes % kAlignment == 0;
  may_be_direct_ = may_be_direct_ && (!aligned || set_direct(true));
  if (!aligned || !may_be_direct_) set_direct(false);
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t n = pwrite(fd_, piece + done, bytes - done, static_cast<off_t>(written_ + done));
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
      if (done % kAlignment != 0) set_direct(false);
      continue;
    }
    if (errno == EINTR) continue;
    const int error = errno;
    if (error != EINVAL || !direct_) return error;
    may_be_direct_ = false;  // it took the flag and does not mean it
    set_direct(false);
  }
  written_ += bytes;
  return 0;
}

}  // namespace reeve
