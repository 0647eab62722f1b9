#include "agent/shell/programs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/shell/capability.h"
#include "protocol/limits.h"

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

}  // namespace
}  // namespace reeve::agent
