#include "agent/worker/glob.h"

#include <gtest/gtest.h>

namespace reeve::agent::worker {
namespace {

TEST(Glob, StarStaysWithinAName) {
  EXPECT_TRUE(glob_matches("*.png", "a.png"));
  EXPECT_TRUE(glob_matches("*.png", ".png"));
  EXPECT_FALSE(glob_matches("*.png", "d/a.png"));
  EXPECT_FALSE(glob_matches("*.png", "a.png.txt"));
  EXPECT_TRUE(glob_matches("frame_*_v?.exr", "frame_0001_left_v2.exr"));
  EXPECT_FALSE(glob_matches("*/a", "a"));
}

TEST(Glob, TwoStarsSpanFoldersAndNone) {
  EXPECT_TRUE(glob_matches("**", "a"));
  EXPECT_TRUE(glob_matches("**", "a/b/c"));
  EXPECT_TRUE(glob_matches("**/*.png", "a.png"));
  EXPECT_TRUE(glob_matches("**/*.png", "x/y/a.png"));
  EXPECT_TRUE(glob_matches("out/**", "out/a/b"));
  EXPECT_FALSE(glob_matches("out/**", "other/a"));
  EXPECT_TRUE(glob_matches("a/**/z", "a/z"));
  EXPECT_TRUE(glob_matches("a/**/m/**/z", "a/m/b/m/c/z"));
  EXPECT_FALSE(glob_matches("a/**/m/**/z", "a/b/c/z"));
}

TEST(Glob, QuestionMarkIsOneCharacterWhateverItsBytes) {
  EXPECT_TRUE(glob_matches("?.txt", "\xC3\xA4.txt"));
  EXPECT_TRUE(glob_matches("?.txt", "a.txt"));
  EXPECT_FALSE(glob_matches("?.txt", ".txt"));
  EXPECT_FALSE(glob_matches("?", "ab"));
}

TEST(Glob, OtherSignsAreThemselves) {
  EXPECT_TRUE(glob_matches("a[1]{b}\\", "a[1]{b}\\"));
  EXPECT_FALSE(glob_matches("[ab]", "a"));
}

TEST(Glob, ManyStarsCostNoExponentialTime) {
  const std::string name(2000, 'a');
  std::string pattern;
  for (int i = 0; i < 300; ++i)
    pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "b", name));
  EXPECT_TRUE(glob_matches(pattern, name));
}

TEST(Glob, PatternsAreTidiedTowardsTheWorkingDirectory) {
  EXPECT_EQ(tidy_pattern("/session/out/*.png", "/session"), "out/*.png");
  EXPECT_EQ(tidy_pattern("./out/", "/session"), "out/**");
  EXPECT_EQ(tidy_pattern(".", "/session"), "**");
  EXPECT_EQ(tidy_pattern("/session", "/session"), "**");
  EXPECT_EQ(tidy_pattern("/sessions", "/session"), "/sessions");
}

}  // namespace
}  // namespace reeve::agent::worker
