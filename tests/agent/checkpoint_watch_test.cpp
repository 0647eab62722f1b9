#include "agent/worker/checkpoint_watch.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "protocol/bundle_files.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::worker {
namespace {

namespace fs = std::filesystem;

class Watch : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(checkpoints());
    fs::create_directories(out());
  }
  fs::path work() const { return folder_.path() / "work"; }
  fs::path out() const { return folder_.path() / "out"; }
  fs::path checkpoints() const { return work() / kCheckpointFolder; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(checkpoints() / name) << text;
  }
  /// The next checkpoint, within so long.
  static std::optional<MadeCheckpoint> next(CheckpointWatch& watch, std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      if (auto made = watch.take()) return made;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return std::nullopt;
  }
  std::string text_of(const MadeCheckpoint& made, const std::string& name) const {
    const fs::path at = folder_.path() / "unpacked";
    fs::remove_all(at);
    EXPECT_TRUE(unpack_bundle(made.file, at).ok());
    std::ifstream file(at / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files_left() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(out()), fs::directory_iterator()));
  }

  TemporaryFolder folder_;
};

TEST_F(Watch, FilesThatStandStillBecomeABundle) {
  CheckpointWatch watch(work(), out(), 1 << 20);
  write("state", "step 7");
  write("half.tmp", "not yet");
  write(".hidden", "no");
  const auto made = next(watch, std::chrono::seconds(10));
  ASSERT_TRUE(made);
  EXPECT_EQ(text_of(*made, "state"), "step 7");
  EXPECT_FALSE(fs::exists(folder_.path() / "unpacked" / "half.tmp"));
  EXPECT_FALSE(fs::exists(folder_.path() / "unpacked" / ".hidden"));
  EXPECT_EQ(fs::file_size(made->file), made->size_bytes);
  EXPECT_FALSE(next(watch, std::chrono::milliseconds(1500))) << "once";
}

TEST_F(Watch, WhatTheTaskBeganWithIsNoNews) {
  write("state", "of an earlier attempt");
  CheckpointWatch watch(work(), out(), 1 << 20);
  EXPECT_FALSE(next(watch, std::chrono::milliseconds(1500)));
}

TEST_F(Watch, ALinkIsNotFollowed) {
  fs::create_directories(folder_.path() / "secret");
  std::ofstream(folder_.path() / "secret" / "key") << "hidden";
  fs::remove(checkpoints());
  fs::create_directory_symlink(folder_.path() / "secret", checkpoints());
  CheckpointWatch watch(work(), out(), 1 << 20);
  std::ofstream(folder_.path() / "secret" / "another") << "hidden";
  EXPECT_FALSE(next(watch, std::chrono::milliseconds(1500)));
}

TEST_F(Watch, MoreThanItMayBeIsSaid) {
  CheckpointWatch watch(work(), out(), 100);
  write("state", std::string(101, 'x'));
  EXPECT_FALSE(next(watch, std::chrono::milliseconds(2000)));
  EXPECT_NE(watch.too_large().find("where the step allows 100"), std::string::npos) << watch.too_large();
}

TEST_F(Watch, WhatNobodyTookGoes) {
  {
    CheckpointWatch watch(work(), out(), 1 << 20);
    write("state", "step 7");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (files_left() == 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(files_left(), 1U);
  }
  EXPECT_EQ(files_left(), 0U);
}

}  // namespace
}  // namespace reeve::agent::worker
