#include "protocol/bundle.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "protocol/bundle_files.h"
#include "protocol/comparison.h"
#include "protocol/limits.h"

namespace reeve {
namespace {

class BundleFiles : public ::testing::Test {
 protected:
  BundleFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "reeve-bundle-XXXXXX").string();
    root_ = mkdtemp(name.data());
    std::filesystem::create_directories(root_ / "in");
  }
  ~BundleFiles() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  std::string read(const std::string& path) {
    std::ifstream file(root_ / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Packs in/ into the file `name`.
  Result<std::uint64_t> pack(const std::string& name) {
    const auto folder = open_folder(root_ / "in");
    const auto listing = list_files(*folder);
    if (!listing) return listing.error();
    const Descriptor out(
        open((root_ / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));  // NOLINT
    return write_bundle(*folder, listing->files, out);
  }

  std::filesystem::path root_;
};

TEST_F(BundleFiles, WhatIsPackedComesOutAsItWas) {
  write("in/b/deep/x.bin", std::string(700'000, 'x'));
  write("in/a.txt", "hello");
  write("in/empty", "");
  std::filesystem::permissions(root_ / "in/a.txt", std::filesystem::perms::owner_all);
  ASSERT_TRUE(pack("one").ok());
  const auto bytes = unpack_bundle(root_ / "one", root_ / "out");
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  EXPECT_EQ(*bytes, 700'005U);
  EXPECT_EQ(read("out/b/deep/x.bin"), std::string(700'000, 'x'));
  EXPECT_EQ(read("out/a.txt"), "hello");
  EXPECT_TRUE(std::filesystem::exists(root_ / "out/empty"));
  EXPECT_EQ(access((root_ / "out/a.txt").c_str(), X_OK), 0);
  struct stat plain {};
  ASSERT_EQ(stat((root_ / "out/empty").c_str(), &plain), 0);
  EXPECT_EQ(plain.st_mode & 0111U, 0U);
}

TEST_F(BundleFiles, EqualFilesGiveEqualBytesWhateverTheOrderTheyWereMadeIn) {
  write("in/one", "1");
  write("in/two", "2");
  ASSERT_TRUE(pack("first").ok());
  std::filesystem::remove(root_ / "in/one");
  write("in/one", "1");
  ASSERT_TRUE(pack("second").ok());
  EXPECT_EQ(read("first"), read("second"));
}

TEST_F(BundleFiles, LinksAndPipesArePassedOverAndSaid) {
  write("in/real", "1");
  write("secret", "not to be read");
  std::filesystem::create_symlink(root_ / "secret", root_ / "in/link");
  std::filesystem::create_directory_symlink(root_, root_ / "in/up");
  ASSERT_EQ(mkfifo((root_ / "in/pipe").c_str(), 0600), 0);
  const auto listing = list_files(*open_folder(root_ / "in"));
  ASSERT_TRUE(listing.ok());
  ASSERT_EQ(listing->files.size(), 1U);
  EXPECT_EQ(listing->files[0].path, "real");
  EXPECT_EQ(listing->skipped.size(), 3U);
}

TEST_F(BundleFiles, NothingIsOpenedThroughALinkOrAboveTheFolder) {
  write("secret", "not to be read");
  std::filesystem::create_symlink("../secret", root_ / "in/link");
  std::filesystem::create_directory_symlink("..", root_ / "in/up");
  const auto folder = open_folder(root_ / "in");
  EXPECT_FALSE(open_below(*folder, "link").ok());
  EXPECT_FALSE(open_below(*folder, "up/secret").ok());
  EXPECT_FALSE(open_below(*folder, "../secret").ok());
  EXPECT_FALSE(open_below(*folder, (root_ / "secret").string()).ok());
}

TEST_F(BundleFiles, UnpackingNeverWritesThroughALinkThatIsThereAlready) {
  write("in/deep/file", "new");
  ASSERT_TRUE(pack("one").ok());
  write("outside/file", "old");
  std::filesystem::create_directories(root_ / "out");
  std::filesystem::create_directory_symlink(root_ / "outside", root_ / "out/deep");
  EXPECT_FALSE(unpack_bundle(root_ / "one", root_ / "out").ok());
  EXPECT_EQ(read("outside/file"), "old");
}

TEST_F(BundleFiles, AFileThatGrewSinceItWasListedIsNotPacked) {
  write("in/log", "short");
  const auto folder = open_folder(root_ / "in");
  const auto listing = list_files(*folder);
  write("in/log", "longer than before");
  const Descriptor out(open((root_ / "one").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));  // NOLINT
  const auto packed = write_bundle(*folder, listing->files, out);
  ASSERT_FALSE(packed.ok());
  EXPECT_EQ(packed.error().code, ErrorCode::kConflict);
}

TEST(Bundle, PathsThatLeaveTheirFolderAreRefused) {
  for (const char* path : {"", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".", "a/./b", "a\nb", "\x7f"})
    EXPECT_NE(unfit_path(path), "") << path;
  for (const char* path : {"a", "a/b", "..a/b..", "a b", "ä/ö", "...", "a/-b"})
    EXPECT_EQ(unfit_path(path), "") << path;
  EXPECT_NE(unfit_path(std::string(limits::kPathBytes + 1, 'a')), "");
  EXPECT_EQ(unfit_path(std::string(limits::kPathBytes, 'a')), "");
}

TEST(Bundle, AFileCannotBeAFolderOfAnother) {
  EXPECT_FALSE(encode_bundle_index({{"a", false, 1}, {"a-b", false, 1}, {"a/b", false, 1}}).ok());
  EXPECT_FALSE(encode_bundle_index({{"a", false, 1}, {"a", false, 1}}).ok());
  EXPECT_TRUE(encode_bundle_index({{"a.d/b", false, 1}, {"a", false, 1}}).ok());
}

TEST(Bundle, AnIndexThatDoesNotAddUpIsCorrupt) {
  const Bytes head = *encode_bundle_index({{"a", false, 3}, {"b", true, 4}});
  const auto index = decode_bundle_index(head, head.size() + 7);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->find("b"), 1U);
  EXPECT_EQ(index->find("c"), 2U);
  EXPECT_FALSE(decode_bundle_index(head, head.size() + 6).ok());
  EXPECT_FALSE(decode_bundle_index(head, head.size() + 8).ok());
  EXPECT_FALSE(decode_bundle_index(ByteView(head).first(head.size() - 1), head.size() + 6).ok());
}

TEST(Comparison, EveryComparatorIsReadWithItsBounds) {
  EXPECT_EQ(parse_comparison("")->comparator, Comparator::kExact);
  EXPECT_EQ(parse_comparison("exact")->comparator, Comparator::kExact);
  EXPECT_EQ(parse_comparison("pixels")->comparator, Comparator::kPixels);
  const auto image = parse_comparison("image:psnr=40,ssim=0.98");
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->psnr_db, 40);
  EXPECT_EQ(image->ssim, 0.98);
  const auto tensor = parse_comparison("tensor:rtol=1e-5,atol=1e-8");
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->rtol, 1e-5);
  EXPECT_EQ(tensor->atol, 1e-8);
  EXPECT_EQ(parse_comparison("command:python3 same.py")->command, "python3 same.py");
}

TEST(Comparison, WhatIsNoComparisonIsRefusedWithTheRemedy) {
  for (const char* text :
       {"pixel", "image", "image:", "image:psnr=x", "image:ssim=1.5", "image:psnr=-1", "image:psnr",
        "tensor:rtol=nan", "tensor:depth=3", "command:", "EXACT", "tensor:rtol=1e-5;"}) {
    const auto parsed = parse_comparison(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.error().hint.find("tensor:rtol"), std::string::npos);
  }
}

}  // namespace
}  // namespace reeve
