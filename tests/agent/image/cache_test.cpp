#include "agent/image/cache.h"

#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <thread>

#include "agent/image/facts.h"
#include "protocol/digest.h"
#include "tests/agent/image/samples.h"
#include "tests/agent/sandbox/sandbox_fixture.h"

namespace reeve::agent::image {
namespace {

namespace fs = std::filesystem;

/// Images of one file, which says which of them it is.
class ImageCacheTest : public sandbox::SandboxTest {
 protected:
  std::string archive(const std::string& name, std::size_t bytes = 100) {
    return samples::oci_archive({{{"name", name + std::string(bytes, '.')}}});
  }
  Digest store(const std::string& bytes) {
    const Digest digest = sha256(as_bytes(bytes));
    samples::write_file(folder_.path() / to_hex(digest), bytes);
    return digest;
  }
  Result<Image> open(const Digest& digest) { return open(digest, *sandbox_); }
  Result<Image> open(const Digest& digest, sandbox::Sandbox& sandbox) {
    ImageCache cache({images(), limit_bytes_, unpacker_});
    return cache.open(digest, folder_.path() / to_hex(digest), sandbox, [this] { return cancelled_; });
  }
  fs::path images() const { return folder_.path() / "images"; }
  std::size_t count() const {
    std::error_code error;
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(images(), error), {}));
  }
  ino_t number(const fs::path& path) const {
    struct stat status {};
    return lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
  }

  std::uint64_t limit_bytes_ = 64U << 20;
  fs::path unpacker_ = fs::path(REEVE_BIN_DIR) / "reeve-unpack-image";
  std::optional<Duration> cancelled_;
};

TEST_F(ImageCacheTest, AnImageIsUnpackedOnceWhoeverAsks) {
  const Digest digest = store(archive("a"));
  std::array<ino_t, 3> numbers{};
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    workers.emplace_back([&, i] {
      auto own = sandbox::Sandbox::open("image-test-" + std::to_string(getpid()) + "-" + std::to_string(i));
      const auto image = open(digest, **own);
      ASSERT_TRUE(image.ok()) << image.error().message;
      EXPECT_EQ(samples::read_file(image->root / "name").substr(0, 2), "a.");
      EXPECT_EQ(image->environment.back(), "GREETING=hello=you");
      numbers[i] = number(image->root / "name");
    });
  for (std::thread& worker : workers)
    worker.join();
  EXPECT_EQ(numbers[0], numbers[1]);
  EXPECT_EQ(numbers[0], numbers[2]);
  const auto again = open(digest);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(number(again->root / "name"), numbers[0]);
  EXPECT_EQ(count(), 1U);
}

TEST_F(ImageCacheTest, OfABrokenImageNothingIsLeft) {
  const auto refused = [this](const std::string& bytes) {
    const auto image = open(store(bytes));
    EXPECT_FALSE(image.ok());
    return image.ok() ? Error{} : image.error();
  };
  Error error = refused(archive("a").substr(0, 2000));
  EXPECT_EQ(error.code, ErrorCode::kInvalid) << error.message;
  EXPECT_NE(error.message.find("the image cannot be used"), std::string::npos) << error.message;
  EXPECT_NE(error.hint, "");
  limit_bytes_ = 1U << 20;
  error = refused(archive("a", 4U << 20));
  EXPECT_EQ(error.code, ErrorCode::kExhausted) << error.message;
  unpacker_ = "/nonexistent/reeve-unpack-image";
  error = refused(archive("b"));
  EXPECT_EQ(error.code, ErrorCode::kNotFound) << error.message;
  EXPECT_EQ(count(), 0U);
}

TEST_F(ImageCacheTest, ACancelledTaskWaitsForNoImage) {
  const Digest digest = store(archive("a"));
  fs::create_directories(images() / (to_hex(digest) + ".part"));
  const Descriptor other(open_folder(images() / (to_hex(digest) + ".part")).value().get() >= 0
                             ? ::open((images() / (to_hex(digest) + ".part")).c_str(), O_RDONLY | O_CLOEXEC)
                             : -1);
  ASSERT_EQ(flock(other.get(), LOCK_EX), 0);
  cancelled_ = Duration{};
  EXPECT_EQ(open(digest).error().code, ErrorCode::kConflict);
}

TEST_F(ImageCacheTest, WhatAKilledWorkerLeftIsTakenOver) {
  const Digest digest = store(archive("a"));
  const fs::path part = images() / (to_hex(digest) + ".part");
  fs::create_directories(part / "image/rootfs/half");
  fs::create_directories(images() / (std::string(64, '0') + ".part") / "image");
  fs::create_directories(images() / (std::string(64, '1') + ".gone"));
  const auto image = open(digest);
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_FALSE(fs::exists(image->root / "half"));
  EXPECT_EQ(count(), 1U);
}

TEST_F(ImageCacheTest, ThoseUsedLastStayAndThoseInUseAlways) {
  limit_bytes_ = 3U << 20;
  const Digest a = store(archive("a", 1U << 20));
  const Digest b = store(archive("b", 1U << 20));
  const Digest c = store(archive("c", 1U << 20));
  const Digest d = store(archive("d", 1U << 20));
  const auto exists = [this](const Digest& digest) { return fs::exists(images() / to_hex(digest)); };
  ASSERT_TRUE(open(a).ok());
  ASSERT_TRUE(open(b).ok());
  ASSERT_TRUE(open(a).ok()) << "used again, later than b";
  ASSERT_TRUE(open(c).ok());
  EXPECT_TRUE(exists(a));
  EXPECT_FALSE(exists(b));
  const auto held = open(a);
  ASSERT_TRUE(held.ok());
  ASSERT_TRUE(open(b).ok());
  ASSERT_TRUE(open(d).ok());
  EXPECT_TRUE(exists(a)) << "somebody runs in it";
  EXPECT_EQ(samples::read_file(held->root / "name").substr(0, 2), "a.");
}

TEST_F(ImageCacheTest, ADamagedRootIsMadeAnewUnlessSomebodyRunsInIt) {
  const Digest digest = store(archive("a"));
  auto held = open(digest);
  ASSERT_TRUE(held.ok());
  const fs::path password = held->root / "etc/passwd";
  fs::remove(password);
  fs::create_symlink("/etc/shadow", password);
  EXPECT_EQ(open(digest).error().code, ErrorCode::kCorrupt);
  held->hold = Descriptor();
  EXPECT_TRUE(open(digest).ok());
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(password)));
}

}  // namespace
}  // namespace reeve::agent::image
