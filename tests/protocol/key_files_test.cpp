#include "protocol/key_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace reeve {
namespace {

class KeyFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "reeve-keys-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path path(const char* name) const { return folder_ / name; }
  void write(const char* name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    ASSERT_EQ(chmod(path(name).c_str(), 0600), 0);
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(KeyFiles, KeysReadBackAndAreForTheirOwnerAlone) {
  const auto identity = Identity::create();
  const auto pair = TransportPair::create();
  const auto secret = random_secret();
  ASSERT_TRUE(save_identity(path("identity.toml"), identity).ok());
  ASSERT_TRUE(save_transport(path("transport.toml"), pair).ok());
  ASSERT_TRUE(save_secret(path("secret.toml"), secret).ok());
  struct stat about {};
  ASSERT_EQ(stat(path("identity.toml").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  const auto identity_again = load_identity(path("identity.toml"));
  ASSERT_TRUE(identity_again.ok());
  EXPECT_EQ(identity_again->public_key(), identity.public_key());
  const auto pair_again = load_transport(path("transport.toml"));
  ASSERT_TRUE(pair_again.ok());
  EXPECT_EQ(pair_again->public_key(), pair.public_key());
  const auto secret_again = load_secret(path("secret.toml"));
  ASSERT_TRUE(secret_again.ok());
  EXPECT_EQ(secret_again->bytes(), secret.bytes());
}

TEST_F(KeyFiles, AKeyIsNeverOverwritten) {
  const auto first = Identity::create();
  ASSERT_TRUE(save_identity(path("k"), first).ok());
  const auto again = save_identity(path("k"), Identity::create());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(load_identity(path("k"))->public_key(), first.public_key());
}

TEST_F(KeyFiles, AKeyThatOthersMayReadIsRefusedWithTheRemedy) {
  ASSERT_TRUE(save_identity(path("k"), Identity::create()).ok());
  for (const mode_t mode : {0640, 0604, 0660}) {
    ASSERT_EQ(chmod(path("k").c_str(), mode), 0);
    const auto loaded = load_identity(path("k"));
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::kNotAllowed);
    EXPECT_NE(loaded.error().hint.find("chmod 600"), std::string::npos);
  }
}

TEST_F(KeyFiles, MissingWrongAndDamagedFilesAreTold) {
  EXPECT_EQ(load_identity(path("none")).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(save_transport(path("transport"), TransportPair::create()).ok());
  EXPECT_EQ(load_identity(path("transport")).error().code, ErrorCode::kInvalid);
  const std::string zeros(64, '0');
  const std::string shown = did_key(Identity::create().public_key());
  for (const std::string& text :
       {std::string(), std::string("kind = "), std::string("kind = \"identity\"\n"),
        std::string("kind = \"identity\"\nsecret = \"00\"\n"), std::string(100'000, '#'),
        "kind = \"identity\"\npublic = \"" + shown + "\"\nsecret = \"" + zeros + "\"\n"}) {
    write("bad", text);
    const auto loaded = load_identity(path("bad"));
    ASSERT_FALSE(loaded.ok()) << text.substr(0, 80);
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace reeve
