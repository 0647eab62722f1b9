#include "scheduler/shell/blob_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "protocol/digest.h"
#include "scheduler/shell/folder_blob_store.h"
#include "scheduler/shell/readership.h"
#include "tests/scheduler/shell/temporary_folder.h"

namespace reeve::shell {
namespace {

using MakeStore = std::unique_ptr<BlobStore> (*)(const TemporaryFolder&);

std::unique_ptr<BlobStore> make_folder_store(const TemporaryFolder& folder) {
  return std::move(FolderBlobStore::open(folder / "blobs")).value();
}

/// Every BlobStore keeps these rules.
class BlobContract : public testing::TestWithParam<MakeStore> {
 protected:
  Result<void> put(std::string_view text, const Digest& name) {
    std::unique_ptr<BlobWriter> writer = std::move(store_->begin()).value();
    for (const char c : text)
      if (Result<void> done = writer->write(as_bytes({&c, 1})); !done) return done;
    return writer->finish(name);
  }
  Digest put(std::string_view text) {
    const Digest name = sha256(as_bytes(text));
    EXPECT_TRUE(put(text, name).ok());
    return name;
  }
  TemporaryFolder folder_;
  std::unique_ptr<BlobStore> store_ = GetParam()(folder_);
};

TEST_P(BlobContract, WhatWasPutIsReadByRanges) {
  const Digest name = put("a courtyard at evening");
  ASSERT_TRUE(store_->has(name));
  EXPECT_EQ(store_->info(name)->size_bytes, 22U);
  std::array<std::uint8_t, 9> middle{};
  ASSERT_EQ(*(*store_->open(name))->read(2, middle), 9U);
  EXPECT_EQ(std::string(middle.begin(), middle.end()), "courtyard");
  EXPECT_EQ(*(*store_->open(name))->read(18, middle), 4U);
  EXPECT_EQ(*(*store_->open(name))->read(99, middle), 0U);
}

TEST_P(BlobContract, BytesThatAreNotThoseOfTheNameAreNotKept) {
  const Digest other = sha256(as_bytes("other"));
  const Result<void> done = put("bytes", other);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(store_->has(other));
  EXPECT_FALSE(store_->has(sha256(as_bytes("bytes"))));
}

TEST_P(BlobContract, AWriterThatIsDroppedLeavesNothing) {
  {
    const std::unique_ptr<BlobWriter> writer = std::move(store_->begin()).value();
    ASSERT_TRUE(writer->write(as_bytes("half")).ok());
  }
  EXPECT_FALSE(store_->has(sha256(as_bytes("half"))));
  std::size_t listed = 0;
  ASSERT_TRUE(store_->list([&](const BlobInfo&) { return ++listed != 0; }).ok());
  EXPECT_EQ(listed, 0U);
}

TEST_P(BlobContract, AWriterOfAKnownNameGoesOnWhereTheLastOneStopped) {
  const Digest name = sha256(as_bytes("halfandhalf"));
  EXPECT_TRUE(std::move(store_->resume(name)).value()->write(as_bytes("half")).ok());
  EXPECT_TRUE(store_->has_partial(name));
  store_.reset();
  store_ = GetParam()(folder_);  // as after a restart
  const std::unique_ptr<BlobWriter> writer = std::move(store_->resume(name)).value();
  EXPECT_EQ(writer->size_bytes(), 4U);
  ASSERT_TRUE(writer->write(as_bytes("andhalf")).ok());
  ASSERT_TRUE(writer->finish(name).ok());
  EXPECT_TRUE(store_->has(name));
  EXPECT_FALSE(store_->has_partial(name));
}

TEST_P(BlobContract, ASecondWriterOfANameBeginsAnew) {
  const Digest name = sha256(as_bytes("blob"));
  const std::unique_ptr<BlobWriter> first = std::move(store_->resume(name)).value();
  ASSERT_TRUE(first->write(as_bytes("bl")).ok());
  const std::unique_ptr<BlobWriter> second = std::move(store_->resume(name)).value();
  EXPECT_EQ(second->size_bytes(), 0U);
  ASSERT_TRUE(second->write(as_bytes("blob")).ok());
  EXPECT_TRUE(second->finish(name).ok());
  ASSERT_TRUE(first->write(as_bytes("ob")).ok());
  EXPECT_TRUE(first->finish(name).ok());
}

TEST_P(BlobContract, BytesThatProvedWrongAreNotGoneOnFrom) {
  const Digest name = sha256(as_bytes("right"));
  {
    const std::unique_ptr<BlobWriter> writer = std::move(store_->resume(name)).value();
    ASSERT_TRUE(writer->write(as_bytes("wrong")).ok());
    EXPECT_FALSE(writer->finish(name).ok());
  }
  EXPECT_EQ(std::move(store_->resume(name)).value()->size_bytes(), 0U);
}

TEST_P(BlobContract, TheEmptyBlobAndASecondPutAreFine) {
  const Digest empty = put("");
  EXPECT_EQ(store_->info(empty)->size_bytes, 0U);
  EXPECT_EQ(put(""), empty);
}

TEST_P(BlobContract, RemovedBlobsAreGoneAndRemovingTwiceIsFine) {
  const Digest name = put("x");
  const Digest kept = put("y");
  ASSERT_TRUE(store_->remove(name).ok());
  ASSERT_TRUE(store_->remove(name).ok());
  EXPECT_FALSE(store_->has(name));
  EXPECT_EQ(store_->info(name).error().code, ErrorCode::kNotFound);
  std::vector<Digest> listed;
  ASSERT_TRUE(store_
                  ->list([&](const BlobInfo& blob) {
                    listed.push_back(blob.digest);
                    return true;
                  })
                  .ok());
  EXPECT_EQ(listed, std::vector{kept});
}

INSTANTIATE_TEST_SUITE_P(Kinds, BlobContract, testing::Values(&make_folder_store));

TEST(FolderBlobStore, WhatWasOnItsWayWhenTheProcessEndedIsSweptAtOpen) {
  const TemporaryFolder folder;
  make_folder_store(folder);
  std::ofstream(folder / "blobs/incoming/left") << "half";
  make_folder_store(folder);
  EXPECT_FALSE(std::filesystem::exists(folder / "blobs/incoming/left"));
}

/// Pages of a file that the kernel holds in memory.
std::size_t pages_in_memory(const std::string& path, std::size_t size_bytes) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  void* const place = mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> held((size_bytes + page - 1) / page);
  EXPECT_EQ(mincore(place, size_bytes, held.data()), 0);
  munmap(place, size_bytes);
  return static_cast<std::size_t>(
      std::count_if(held.begin(), held.end(), [](unsigned char flags) { return (flags & 1) != 0; }));
}

TEST(FolderBlobStore, OfALargeBlobTheFirstReaderLeavesNothingInMemoryAndTheSecondAll) {
  const TemporaryFolder folder;
  struct statfs system {};
  ASSERT_EQ(statfs(folder.path().c_str(), &system), 0);
  if (system.f_type == TMPFS_MAGIC) GTEST_SKIP() << "files of " << folder.path() << " lie in memory alone";
  const std::unique_ptr<BlobStore> store = make_folder_store(folder);
  const Bytes bytes(32U << 20, 7);
  const Digest name = sha256(bytes);
  const std::unique_ptr<BlobWriter> writer = std::move(store->begin()).value();
  ASSERT_TRUE(writer->write(bytes).ok());
  ASSERT_TRUE(writer->finish(name).ok());
  const std::string hex = to_hex(name);
  const std::string path = folder / "blobs" + "/" + hex.substr(0, 2) + "/" + hex.substr(2);
  Bytes chunk(256U << 10);
  const auto read_to_its_end = [&](BlobReader& reader) {
    for (std::uint64_t at = 0; at < bytes.size(); at += chunk.size()) {
      ASSERT_EQ(*reader.read(at, chunk), chunk.size());
      ASSERT_EQ(chunk.front(), 7);
    }
  };
  const std::unique_ptr<BlobReader> first = std::move(store->open(name)).value();
  read_to_its_end(*first);
  const std::size_t all = bytes.size() / static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  EXPECT_LT(pages_in_memory(path, bytes.size()), all / 4);
  const std::unique_ptr<BlobReader> second = std::move(store->open(name)).value();
  read_to_its_end(*second);
  EXPECT_GT(pages_in_memory(path, bytes.size()), all / 4 * 3);
  read_to_its_end(*first);  // who came first knows it now
  EXPECT_GT(pages_in_memory(path, bytes.size()), all / 4 * 3);
}

TEST(Readership, ABlobIsSharedOnceItWasOpenedTwice) {
  Readership readership;
  const Readership::Shared one = readership.open(sha256(as_bytes("a")));
  const Readership::Shared other = readership.open(sha256(as_bytes("b")));
  EXPECT_FALSE(*one);
  EXPECT_TRUE(*readership.open(sha256(as_bytes("a"))));
  EXPECT_TRUE(*one);
  EXPECT_FALSE(*other);
}

TEST(Readership, ABlobThatManyOthersCameAfterIsAsGoodAsNew) {
  Readership readership;
  const Digest old = sha256(as_bytes("old"));
  readership.open(old);
  for (std::size_t i = 0; i < Readership::kRemembered; ++i)
    readership.open(sha256(as_bytes(std::to_string(i))));
  EXPECT_FALSE(*readership.open(old));
  EXPECT_TRUE(*readership.open(old));
}

}  // namespace
}  // namespace reeve::shell
