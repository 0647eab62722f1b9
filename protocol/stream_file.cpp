#include "protocol/stream_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <new>

namespace reeve {
namespace {

/// Of memory, offsets and lengths: what every block device takes.
constexpr std::size_t kAlignment = 4096;

}  // namespace

void StreamFile::Free::operator()(std::uint8_t* buffer) const {
  std::free(buffer);
}

int StreamFile::write(ByteView bytes) {
  if (!buffer_ && !bytes.empty()) {
    buffer_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, kPieceBytes)));
    if (!buffer_) throw std::bad_alloc();
  }
  while (!bytes.empty()) {
    const std::size_t piece = kPieceBytes - written_ % kPieceBytes;
    const std::size_t now = std::min(bytes.size(), piece - pending_);
    std::copy_n(bytes.data(), now, buffer_.get() + pending_);
    pending_ += now;
    bytes = bytes.subspan(now);
    if (pending_ < piece) continue;
    if (const int error = write_piece(); error != 0) return error;
  }
  return 0;
}

int StreamFile::flush() {
  return pending_ > 0 ? write_piece() : 0;
}

/// False where the file system writes through the page cache alone.
bool StreamFile::set_direct(bool direct) {
  if (direct == direct_) return true;
  const int flags = fcntl(fd_, F_GETFL);
  if (flags < 0 || fcntl(fd_, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) != 0) return false;
  direct_ = direct;
  return true;
}

int StreamFile::write_piece() {
  const bool aligned = written_ % kAlignment == 0 && pending_ % kAlignment == 0;
  may_be_direct_ = may_be_direct_ && (!aligned || set_direct(true));
  if (!aligned || !may_be_direct_) set_direct(false);
  std::size_t done = 0;
  while (done < pending_) {
    const ssize_t n = pwrite(fd_, buffer_.get() + done, pending_ - done, static_cast<off_t>(written_ + done));
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
  written_ += pending_;
  pending_ = 0;
  return 0;
}

}  // namespace reeve
