#include "client/config.h"

#include <gtest/gtest.h>

#include <fstream>

namespace reeve::client {
namespace {

/// Folders of a home and of a system, each with its own config.toml, gone at the end.
class ConfigFiles : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::path(testing::TempDir()) /
            ("reeve_config_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(root_ / "xdg" / "reeve");
    std::filesystem::create_directories(root_ / "etc");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& file, const std::string& text) { std::ofstream(root_ / file) << text; }
  Result<Config> load(const Flags& flags, std::map<std::string, std::string> variables) {
    variables.emplace("XDG_CONFIG_HOME", (root_ / "xdg").string());
    const Environment environment = [variables](const std::string& name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
    return Config::load(flags, environment, root_ / "etc");
  }

  std::filesystem::path root_;
};

TEST_F(ConfigFiles, FlagBeatsEnvironmentBeatsHomeBeatsSystem) {
  write("etc/config.toml", "output = \"quiet\"\ntimeout = \"99s\"\n");
  EXPECT_EQ(load({}, {})->get("output"), "quiet");
  write("xdg/reeve/config.toml", "output = \"json\"\n");
  EXPECT_EQ(load({}, {})->get("output"), "json");
  EXPECT_EQ(load({}, {})->get("timeout"), "99s");
  EXPECT_EQ(load({}, {{"REEVE_OUTPUT", "table"}})->get("output"), "table");
  EXPECT_EQ(load({{"output", "quiet"}}, {{"REEVE_OUTPUT", "table"}})->get("output"), "quiet");
}

TEST_F(ConfigFiles, EachValueNamesItsSource) {
  write("xdg/reeve/config.toml", "timeout = \"3s\"\n");
  const auto config = load({{"region_dir", "r"}}, {{"REEVE_OUTPUT", "json"}});
  std::map<std::string, std::string> sources;
  for (const Setting& setting : config->settings())
    sources[setting.name] = setting.source;
  EXPECT_EQ(sources["region_dir"], "flag --region");
  EXPECT_EQ(sources["output"], "environment REEVE_OUTPUT");
  EXPECT_EQ(sources["timeout"], (root_ / "xdg" / "reeve" / "config.toml").string());
  EXPECT_EQ(sources["home"], "default");
}

TEST_F(ConfigFiles, HomeFlagMovesTheUsersFile) {
  std::filesystem::create_directories(root_ / "other");
  write("other/config.toml", "output = \"json\"\n");
  EXPECT_EQ(load({{"home", (root_ / "other").string()}}, {})->get("output"), "json");
}

TEST_F(ConfigFiles, UnknownSettingIsRefusedWithItsFile) {
  write("xdg/reeve/config.toml", "colour = \"red\"\n");
  const auto config = load({}, {});
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message.find("config.toml names 'colour'"), std::string::npos);
}

TEST_F(ConfigFiles, BrokenTomlNamesFileAndLine) {
  write("etc/config.toml", "output = \"json\"\noutput = = 3\n");
  const auto config = load({}, {});
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message.find("config.toml:2"), std::string::npos) << config.error().message;
}

}  // namespace
}  // namespace reeve::client
