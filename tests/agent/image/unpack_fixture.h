#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "agent/image/unpack.h"
#include "tests/agent/image/samples.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::image {

/// Unpacks images of samples.h into a folder that has a neighbour, which no image may touch.
class UnpackTest : public ::testing::Test {
 protected:
  UnpackTest() {
    std::filesystem::create_directory(outside());
    samples::write_file(outside() / "kept", "as it was");
  }
  ~UnpackTest() override {
    EXPECT_EQ(samples::read_file(outside() / "kept"), "as it was");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(outside()), {}), 1)
        << "something was written beside the root";
  }

  Result<void> unpack(const std::string& archive, std::uint64_t most_bytes = 64U << 20) {
    std::error_code error;
    std::filesystem::remove_all(folder_.path() / "image", error);
    std::filesystem::create_directory(folder_.path() / "image");
    samples::write_file(folder_.path() / "archive", archive);
    return unpack_image(folder_.path() / "archive", folder_.path() / "image", most_bytes);
  }
  /// The error's words; "" where there is none.
  std::string refused(const std::string& archive) {
    const auto done = unpack(archive);
    code_ = done ? ErrorCode::kInvalid : done.error().code;
    return done ? "" : done.error().message;
  }
  void expect_refused(const std::string& archive, const std::string& words) {
    const std::string said = refused(archive);
    EXPECT_NE(said.find(words), std::string::npos) << "it was " << (said.empty() ? "taken" : said);
  }

  std::filesystem::path root() const { return folder_.path() / "image/rootfs"; }
  std::filesystem::path outside() const { return folder_.path() / "outside"; }
  std::string text(const std::string& path) const { return samples::read_file(root() / path); }
  bool there(const std::string& path) const {
    struct stat status {};
    return lstat((root() / path).c_str(), &status) == 0;
  }
  unsigned mode(const std::string& path) const {
    struct stat status {};
    return lstat((root() / path).c_str(), &status) == 0 ? status.st_mode : 0;
  }

  TemporaryFolder folder_;
  ErrorCode code_ = ErrorCode::kInvalid;
};

}  // namespace reeve::agent::image
