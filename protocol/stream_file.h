#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "protocol/bytes.h"

namespace reeve {

/// A thread that writes the pieces of stream files, so that who receives and hashes them need not wait for
/// the disk. What it has to do is bounded by its files: each has one piece there at most.
class PieceWriter {
 public:
  PieceWriter();
  /// Ends what it was given.
  ~PieceWriter();
  PieceWriter(const PieceWriter&) = delete;
  PieceWriter& operator=(const PieceWriter&) = delete;

  /// `piece` returns 0 or errno.
  std::future<int> write(std::function<int()> piece);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::packaged_task<int()>> pieces_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses the others
};

/// Appends to a file in large pieces that go past the page cache, where the file system lets them: a blob of
/// gigabytes neither pushes out what others read, nor is copied twice, nor leaves all its writing to the sync
/// at its end. Small files are written in one piece, as usual.
class StreamFile {
 public:
  /// Pieces are of this size and begin at its multiples; memory of two a file, once it has had more than one.
  static constexpr std::size_t kPieceBytes = 1U << 20;

  /// `fd`: open for writing, not closed here, which holds `size_bytes` already. -1: none.
  /// `writer`: writes full pieces while the next one is filled; null: they are written at once.
  explicit StreamFile(int fd = -1, std::uint64_t size_bytes = 0,
                      std::shared_ptr<PieceWriter> writer = nullptr);
  /// Waits for a piece that is being written; what no piece holds yet is lost without a flush().
  ~StreamFile();
  StreamFile(StreamFile&&) noexcept;
  StreamFile& operator=(StreamFile&&) noexcept;

  /// Bytes taken, in the file or on their way there.
  std::uint64_t size_bytes() const;
  /// Takes all of `bytes`. Returns 0, or errno of this or an earlier write: then the file ends somewhere in
  /// what was taken, and takes no more.
  int write(ByteView bytes);
  /// The file has what was taken; not yet for good, which a sync makes it. Returns 0 or errno, as write().
  int flush();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace reeve
