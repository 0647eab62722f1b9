#include "agent/shell/programs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "agent/shell/capability.h"
#include "protocol/limits.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent {
namespace {

using Texts = std::vector<std::string>;

InstalledProgram blender(std::vector<std::string> cycles) {
  return {"blender", "/usr/bin/blender", "3.4.1", std::string(64, 'a'), std::move(cycles)};
}

TEST(ProgramTags, NameTheProgramItsVersionItsBuildAndItsDevices) {
  EXPECT_EQ(program_tags({blender({})}), (Texts{"blender", "blender-3.4.1", "blender-sha256:aaaaaaaaaaaaaaaa",
                                                "cycles-any", "cycles-cpu"}));
  const Texts with_card =
      program_tags({blender({"CUDA", "OPTIX"}), {"povray", "/usr/bin/povray", "", "", {}}});
  for (const char* tag : {"cycles-gpu", "cycles-cuda", "cycles-optix", "povray"})
    EXPECT_NE(std::find(with_card.begin(), with_card.end(), tag), with_card.end()) << tag;
  EXPECT_TRUE(std::is_sorted(with_card.begin(), with_card.end()));
}

TEST(ProgramTags, TheOwnersTagsComeFirstAndAllAreWithinTheBound) {
  Texts owners;
  for (std::uint32_t i = 0; i + 2 < limits::kTagsPerAgent; ++i)
    owners.push_back("tag" + std::to_string(i));
  const Texts tags = agent_tags(owners, {blender({"CUDA", "OPTIX"})});
  EXPECT_EQ(tags.size(), limits::kTagsPerAgent);
  EXPECT_TRUE(std::is_sorted(tags.begin(), tags.end()));
  for (const std::string& tag : owners)
    EXPECT_TRUE(std::binary_search(tags.begin(), tags.end(), tag));
  EXPECT_EQ(agent_tags({"blender"}, {blender({})}).size(), 5U) << "none twice";
}

/// A cache folder of the test's own.
class ProgramCache : public testing::Test {
 protected:
  // NOLINTBEGIN(concurrency-mt-unsafe): no other thread runs
  ProgramCache() { setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1); }
  ~ProgramCache() override { unsetenv("XDG_CACHE_HOME"); }
  // NOLINTEND(concurrency-mt-unsafe)
  std::filesystem::path file() const { return folder_.path() / "reeve" / "programs.json"; }
  void write(const nlohmann::json& cache) const {
    std::filesystem::create_directories(file().parent_path());
    std::ofstream(file()) << cache.dump();
  }
  nlohmann::json read() const { return nlohmann::json::parse(std::ifstream(file()), nullptr, false); }

 private:
  TemporaryFolder folder_;
};

TEST_F(ProgramCache, WhatWasLearnedIsNotAskedAgainUntilTheCardsChange) {
  std::vector<std::string> notes;
  const auto found = find_programs({"none", {}}, notes);
  if (found.empty()) GTEST_SKIP() << "no program that is looked for, or no sandbox";
  nlohmann::json cache = read();
  ASSERT_TRUE(cache.contains(found[0].path));
  EXPECT_EQ(cache[found[0].path]["digest"], found[0].digest);
  EXPECT_FALSE(found[0].version.empty());
  for (auto& row : cache)
    row["version"] = "remembered";
  write(cache);
  for (const auto& program : find_programs({"none", {}}, notes))
    EXPECT_EQ(program.version, "remembered") << program.name;
  const auto anew = find_programs({"another card", {}}, notes);
  ASSERT_EQ(anew.size(), found.size());
  EXPECT_EQ(anew[0].version, found[0].version);
}

TEST_F(ProgramCache, ADamagedCacheIsNone) {
  std::vector<std::string> notes;
  const auto found = find_programs({}, notes);
  nlohmann::json cache = nlohmann::json::object();
  for (const auto& program : found)
    cache[program.path] = {{"identity", 5}, {"version", nlohmann::json::array()}};
  write(cache);
  const auto anew = find_programs({}, notes);
  ASSERT_EQ(anew.size(), found.size());
  for (std::size_t i = 0; i < anew.size(); ++i)
    EXPECT_EQ(anew[i].digest, found[i].digest);
}

}  // namespace
}  // namespace reeve::agent
