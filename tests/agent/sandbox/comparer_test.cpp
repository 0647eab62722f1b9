#include "agent/worker/comparer.h"

#include <gtest/gtest.h>

#include <fstream>

#include "openjd/step_script.h"
#include "protocol/bundle.h"
#include "protocol/digest.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::worker {
namespace {

using Verdict = msg::ComparisonVerdict;

/// Two results on disk, and a worker's share of the machine.
class ComparerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto works = sandbox::sandbox_works(); !works) {
      ASSERT_NE(works.error().code, ErrorCode::kConflict) << works.error().message;
      GTEST_SKIP() << works.error().message;
    }
    std::filesystem::create_directory(folder_.path() / "scratch");
    context_ = std::make_unique<WorkerContext>(1, WorkerShare{64, (folder_.path() / "scratch").string()});
    work_.batch = 5;
    work_.time = seconds(20);
  }
  /// A result of one file.
  std::string result(const std::string& name, const std::string& content) {
    const auto index = encode_bundle_index({{"out.txt", false, content.size()}});
    const auto path = folder_.path() / name;
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(index->data()), static_cast<std::streamsize>(index->size()));
    file << content;
    return path.string();
  }
  void results(const std::string& a, const std::string& b) {
    work_.a = result("a", a);
    work_.b = result("b", b);
  }
  Compared compare(const std::string& how) {
    work_.compare = how;
    return compare_in_sandbox(work_, *context_);
  }
  /// The step has one input, an executable of this text.
  void ship(const std::string& path, const std::string& text) {
    const auto cached = folder_.path() / "cached";
    std::ofstream(cached) << text;
    openjd::StepScript script;
    script.on_run.command = openjd::FormatString::literal("true");
    const Digest digest = sha256(as_bytes(text));
    script.inputs = {{path, digest, false, true}};
    work_.step.emplace();
    work_.step->script = openjd::encode_step(script).value();
    work_.step->inputs = {{digest, cached.string()}};
  }

  TemporaryFolder folder_;
  std::unique_ptr<WorkerContext> context_;
  RunComparison work_;
};

TEST_F(ComparerTest, SaysWhatReeveCompareFound) {
  results("alike", "alike");
  Compared same = compare("pixels");
  EXPECT_EQ(same.verdict, Verdict::kSame) << same.why;
  EXPECT_EQ(same.batch, 5u);
  results("one", "two");
  const Compared differ = compare("pixels");
  EXPECT_EQ(differ.verdict, Verdict::kDiffer);
  EXPECT_NE(differ.why.find("out.txt"), std::string::npos) << differ.why;
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "scratch"));
}

TEST_F(ComparerTest, CommandOfTheRequesterSeesTwoFoldersAndItsInputs) {
  ship("tools/same.sh",
       "#!/bin/sh\necho \"$1 has $(cat \"$1/out.txt\"), $2 has $(cat \"$2/out.txt\")\"\n"
       "[ \"$(wc -c <\"$1/out.txt\")\" = \"$(wc -c <\"$2/out.txt\")\" ]\n");
  results("cat", "dog");
  const Compared same = compare("command:tools/same.sh");
  EXPECT_EQ(same.verdict, Verdict::kSame) << same.why;
  EXPECT_EQ(same.why, "/compare/a has cat, /compare/b has dog");
  results("cat", "horse");
  EXPECT_EQ(compare("command:tools/same.sh").verdict, Verdict::kDiffer);
}

TEST_F(ComparerTest, CommandThatCrashesOrHangsOrCannotSayIsUndecidable) {
  results("cat", "dog");
  for (const char* text : {"#!/bin/sh\nkill -11 $$\n", "#!/bin/sh\necho no idea; exit 2\n",
                           "#!/bin/sh\nexit 77\n", "#!/nowhere\n"}) {
    ship("same", text);
    const Compared compared = compare("command:./same");
    EXPECT_EQ(compared.verdict, Verdict::kUndecidable) << text;
    EXPECT_FALSE(compared.why.empty()) << text;
  }
  work_.time = seconds(1);
  ship("same", "#!/bin/sh\nsleep 1000\n");
  const Compared hung = compare("command:./same");
  EXPECT_EQ(hung.verdict, Verdict::kUndecidable);
  EXPECT_NE(hung.why.find("1 s"), std::string::npos) << hung.why;
}

TEST_F(ComparerTest, CommandCannotWriteToTheResultsNorReachTheNetworkNorTalkForEver) {
  results("cat", "dog");
  ship("same",
       "#!/bin/bash\nfor f in /compare/a/out.txt /compare/b/out.txt /session/same; do\n"
       "  if (echo x >> $f) 2>/dev/null; then echo $f was written; exit 1; fi\ndone\n"
       "if [ $(grep -c : /proc/net/dev) != 1 ]; then echo a network; exit 1; fi\necho shut in\n");
  const Compared compared = compare("command:./same");
  EXPECT_EQ(compared.verdict, Verdict::kSame) << compared.why;
  ship("same", "#!/bin/bash\nwhile :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done\n");
  const Compared chatter = compare("command:./same");
  EXPECT_EQ(chatter.verdict, Verdict::kUndecidable) << chatter.why;
}

TEST_F(ComparerTest, WhatThisMachineLacksIsNoVerdict) {
  results("cat", "dog");
  WorkerContext bare(1);
  work_.compare = "pixels";
  const Compared compared = compare_in_sandbox(work_, bare);
  EXPECT_FALSE(compared.verdict.has_value());
  EXPECT_FALSE(compared.why.empty());
}

}  // namespace
}  // namespace reeve::agent::worker
