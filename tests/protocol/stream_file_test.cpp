#include "protocol/stream_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <tuple>

namespace reeve {
namespace {

/// A file of its own, in a folder whose file system may or may not take direct writes; written at once, or by
/// a thread behind.
class StreamFiles : public testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  void SetUp() override {
    const auto& [folder, behind] = GetParam();
    path_ = std::string(folder) + "/reeve-stream-XXXXXX";
    fd_ = mkstemp(path_.data());
    if (fd_ < 0) GTEST_SKIP() << "no folder " << folder << " to write in";
    if (behind) writer_ = std::make_shared<PieceWriter>();
  }
  void TearDown() override {
    if (fd_ < 0) return;
    close(fd_);
    unlink(path_.c_str());
  }
  Bytes content() const {
    std::ifstream file(path_, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
  }

  std::string path_;
  int fd_ = -1;
  std::shared_ptr<PieceWriter> writer_;
};

Bytes some_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(random());
  return bytes;
}

constexpr std::size_t kPiece = StreamFile::kPieceBytes;

TEST_P(StreamFiles, HoldWhatWasWrittenWhateverItsSizes) {
  const Bytes all = some_bytes(3 * kPiece + 12345, 1);
  StreamFile file(fd_, 0, writer_);
  std::size_t at = 0;
  for (std::size_t size = 1; at < all.size(); size = size * 3 + 1) {
    const std::size_t now = std::min(size, all.size() - at);
    ASSERT_EQ(file.write(ByteView(all).subspan(at, now)), 0);
    at += now;
    ASSERT_EQ(file.size_bytes(), at);
  }
  ASSERT_EQ(file.flush(), 0);
  EXPECT_EQ(content(), all);
}

TEST_P(StreamFiles, GoOnAfterAnyNumberOfBytesThatAreThere) {
  const Bytes all = some_bytes(2 * kPiece + 7, 2);
  for (const std::size_t there : {std::size_t{1}, std::size_t{4096}, kPiece - 1, kPiece, kPiece + 4097}) {
    ASSERT_EQ(ftruncate(fd_, 0), 0);
    {
      StreamFile first(fd_, 0, writer_);
      ASSERT_EQ(first.write(ByteView(all).first(there)), 0);
      ASSERT_EQ(first.flush(), 0);
    }
    StreamFile second(fd_, there, writer_);
    ASSERT_EQ(second.write(ByteView(all).subspan(there)), 0);
    ASSERT_EQ(second.flush(), 0);
    EXPECT_EQ(content(), all) << there << " bytes were there";
  }
}

TEST_P(StreamFiles, MayBeFlushedAnywhere) {
  const Bytes all = some_bytes(2 * kPiece + 100, 3);
  StreamFile file(fd_, 0, writer_);
  std::size_t at = 0;
  for (const std::size_t size : {std::size_t{10}, kPiece, std::size_t{4086}, kPiece, std::size_t{0}}) {
    const std::size_t now = std::min(size, all.size() - at);
    ASSERT_EQ(file.write(ByteView(all).subspan(at, now)), 0);
    ASSERT_EQ(file.flush(), 0);
    at += now;
  }
  EXPECT_EQ(content(), Bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at)));
}

TEST_P(StreamFiles, OneThatGoesLeavesWholePieces) {
  const Bytes all = some_bytes(2 * kPiece + 100, 4);
  {
    StreamFile file(fd_, 0, writer_);
    ASSERT_EQ(file.write(all), 0);
    StreamFile other(std::move(file));
    ASSERT_EQ(other.size_bytes(), all.size());
  }
  EXPECT_EQ(content(), Bytes(all.begin(), all.begin() + 2 * kPiece));
}

TEST_P(StreamFiles, SeveralShareAThread) {
  const Bytes all = some_bytes(4 * kPiece, 5);
  const int copy = dup(fd_);  // another file in all but its bytes: each writes half of them
  {
    StreamFile first(fd_, 0, writer_);
    StreamFile second(copy, 2 * kPiece, writer_);
    for (std::size_t at = 0; at < 2 * kPiece; at += kPiece / 4) {
      ASSERT_EQ(first.write(ByteView(all).subspan(at, kPiece / 4)), 0);
      ASSERT_EQ(second.write(ByteView(all).subspan(2 * kPiece + at, kPiece / 4)), 0);
    }
  }
  close(copy);
  EXPECT_EQ(content(), all);
}

INSTANTIATE_TEST_SUITE_P(Folders, StreamFiles,
                         testing::Combine(testing::Values(".", "/dev/shm"), testing::Bool()));

TEST(StreamFile, TakesNoMoreOnceAPieceBehindWasNotWritten) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  {
    StreamFile file(full, 0, std::make_shared<PieceWriter>());
    EXPECT_EQ(file.write(Bytes(2 * kPiece)), ENOSPC) << "the second piece waits for the first";
    EXPECT_EQ(file.write(Bytes(10)), ENOSPC);
    EXPECT_EQ(file.flush(), ENOSPC);
  }
  close(full);
}

TEST(StreamFile, SaysWhyAWriteFailed) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  StreamFile file(full);
  ASSERT_EQ(file.write(Bytes(10)), 0) << "gathered, not written yet";
  EXPECT_EQ(file.flush(), ENOSPC);
  close(full);
}

}  // namespace
}  // namespace reeve
