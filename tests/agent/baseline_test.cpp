#include "agent/worker/baseline.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "tests/agent/temporary_folder.h"

namespace reeve::agent::worker {
namespace {

namespace fs = std::filesystem;

/// A working directory as an environment might leave it.
class BaselineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(work_ / "kit/deep");
    std::ofstream(work_ / "data") << "data";
    std::ofstream(work_ / "kit/deep/tool") << "tool";
    fs::create_symlink("data", work_ / "link");
    ASSERT_TRUE(baseline_.remember(work_).ok());
  }

  TemporaryFolder folder_;
  fs::path work_ = folder_.path() / "work";
  Baseline baseline_;
};

TEST_F(BaselineTest, AFolderThatNobodyTouchedIsKnownWithoutBeingRead) {
  EXPECT_TRUE(baseline_.untouched());
  EXPECT_TRUE(baseline_.restore());
  EXPECT_TRUE(baseline_.untouched());
}

struct Change {
  const char* name;
  const char* script;
  bool undone;  // restore() finds a way back
};

void PrintTo(const Change& change, std::ostream* out) {
  *out << change.name;
}

class BaselineChange : public BaselineTest, public ::testing::WithParamInterface<Change> {
 protected:
  void change() const {
    const std::string elsewhere = "cd " + folder_.path().string() + " && cd work && ";
    ASSERT_EQ(std::system((elsewhere + GetParam().script).c_str()), 0);
  }
};

TEST_P(BaselineChange, IsSeenAtOnceAndEveryTime) {
  for (int round = 0; round < 5; ++round) {
    change();
    ASSERT_FALSE(baseline_.untouched());
    ASSERT_EQ(baseline_.restore(), GetParam().undone);
    if (!GetParam().undone) return;
    EXPECT_FALSE(fs::exists(work_ / "new"));
    EXPECT_FALSE(fs::exists(work_ / "kit/deep/new"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BaselineChange,
    ::testing::Values(
        Change{"FileAdded", "touch new", true}, Change{"FolderAdded", "mkdir -p new/er", true},
        Change{"FileAddedDeepDown", "touch kit/deep/new", true},
        Change{"FileAddedAndItsFoldersTimesPutBack",
               "touch -r kit/deep $OLDPWD/ref-$$; touch kit/deep/new; touch -r $OLDPWD/ref-$$ kit/deep; "
               "rm $OLDPWD/ref-$$",
               true},
        Change{"FileAddedAndTaken", "touch new; rm new", true},
        Change{"FileChanged", "echo evil > data", false},
        Change{
            "FileChangedAndItsTimesPutBack",
            "touch -r data $OLDPWD/ref-$$; echo evil > data; touch -r $OLDPWD/ref-$$ data; rm $OLDPWD/ref-$$",
            false},
        Change{"FileReplacedByItsCopy", "cp -p data new; mv new data", false},
        Change{"FileGone", "rm kit/deep/tool", false},
        Change{"FolderReplaced", "mv kit new; cp -a new kit", false},
        Change{"LinkTurned", "ln -sfn kit link", false}, Change{"ModeOfAFile", "chmod 600 data", false},
        Change{"ModeOfAFolder", "chmod 700 kit/deep", false},
        Change{"ModeOfTheFolderItself", "chmod 777 .", false}),
    [](const auto& all) { return all.param.name; });

TEST_F(BaselineTest, AnAttributeOfAFolderIsSeen) {
  if (setxattr((work_ / "kit").c_str(), "user.word", "w", 1, 0) != 0)
    GTEST_SKIP() << "no attributes in " << work_;
  EXPECT_FALSE(baseline_.untouched());
  EXPECT_FALSE(baseline_.restore());
}

TEST_F(BaselineTest, WhatWasUndoneIsForgottenOnceTheClockHasMovedOn) {
  std::ofstream(work_ / "kit/new") << "new";
  ASSERT_TRUE(baseline_.restore());
  for (int i = 0; i < 1000 && !baseline_.untouched(); ++i) {
    usleep(1000);  // less than the kernel's tick
    ASSERT_TRUE(baseline_.restore());
  }
  EXPECT_TRUE(baseline_.untouched());
}

}  // namespace
}  // namespace reeve::agent::worker
