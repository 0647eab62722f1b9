#pragma once

#include <cstdint>
#include <memory>

#include "protocol/bytes.h"

namespace reeve {

/// Appends to a file in large pieces that go past the page cache, where the file system lets them: a blob of
/// gigabytes neither pushes out what others read, nor is copied twice, nor leaves all its writing to the sync
/// at its end. Small files are written in one piece, as usual.
class StreamFile {
 public:
  /// Pieces are of this size and begin at its multiples; that much memory a file, once it has bytes.
  static constexpr std::size_t kPieceBytes = 1U << 20;

  /// `fd`: open for writing, not closed here, which holds `size_bytes` already. -1: none.
  explicit StreamFile(int fd = -1, std::uint64_t size_bytes = 0) : fd_(fd), written_(size_bytes) {}
  StreamFile(StreamFile&&) noexcept = default;
  StreamFile& operator=(StreamFile&&) noexcept = default;

  /// Bytes taken, in the file or on their way there.
  std::uint64_t size_bytes() const { return written_ + pending_; }
  /// Takes all of `bytes`. Returns 0, or errno: then the file ends somewhere in them.
  int write(ByteView bytes);
  /// The file has what was taken; not yet for good, which a sync makes it. Returns 0 or errno.
  int flush();

 private:
  struct Free {
    void operator()(std::uint8_t* buffer) const;
  };

  int write_piece();
  bool set_direct(bool direct);

  int fd_;
  std::uint64_t written_;
  std::size_t pending_ = 0;  // of buffer_
  std::unique_ptr<std::uint8_t, Free> buffer_;
  bool direct_ = false;
  bool may_be_direct_ = true;
};

}  // namespace reeve
