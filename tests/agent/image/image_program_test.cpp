#include "agent/image/cache.h"
#include "agent/worker/comparer.h"
#include "agent/worker/step_image.h"
#include "tests/agent/image/samples.h"
#include "tests/agent/sandbox/program_fixture.h"

namespace reeve::agent::worker {
namespace {

namespace samples = image::samples;

/// Programs in an image that has this machine's shell, its C library and nothing else.
class ImageProgramTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    std::vector<samples::Entry> files;
    for (const char* path : {"/bin/sh", "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"}) {
      if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path << " to make an image of";
      files.push_back({path, samples::read_file(path), '0', 0755});
    }
    files.push_back({"etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"});
    take(samples::oci_archive({files}));
    context_.share.images = (folder_.path() / "images").string();
    context_.share.image_bytes = 64U << 20;
  }

  void take(const std::string& archive) {
    document_.inputs.clear();
    blob({archive.begin(), archive.end()});
    script_.image = document_.inputs.front().first;
  }
  void shell_says(const std::string& script) {
    script_.on_run.command = FormatString::literal("/bin/sh");
    script_.on_run.args = {FormatString::literal("-c"), FormatString::literal(script)};
  }
};

TEST_F(ImageProgramTest, SeesTheImageAndNothingOfTheHost) {
  shell_says(
      "for path in /usr /home /root /sbin /etc/ssl /etc/alternatives /.reeve-gpu/*; do [ ! -e $path ] || "
      "echo "
      "$path is there; done; echo $GREETING $HOME $PATH $USER; read line </etc/passwd; echo $line; pwd");
  EXPECT_EQ(run(),
            Files{"stdout=hello=you /tmp /opt/bin:/bin task\ntask:x:1000:1000:task:/tmp:/bin/sh\n/session\n"})
      << error_.message;
}

TEST_F(ImageProgramTest, CannotWriteToTheImage) {
  shell_says(
      "for path in / /bin /etc /session/../lib /.reeve-gpu /proc /dev; do (echo x >$path/new) 2>&- && echo "
      "$path; done; (echo x >/bin/sh) 2>&- && echo shell; (echo x >/.reeve-init) 2>&- && echo init; "
      "echo y >/tmp/t && echo z >/var/tmp/u && echo w >here && read a <here && echo $a");
  EXPECT_EQ(run(), Files{"stdout=w\n"}) << error_.message;
}

TEST_F(ImageProgramTest, SessionsOfOneImageShareItsRoot) {
  shell_says("echo $REEVE_TASK_ID");
  script_.space =
      *openjd::ParameterSpace::make({{"I", openjd::ParameterType::kInt, *openjd::RangeExpr::parse("0-1")}},
                                    openjd::Combination::product_of_all(1));
  EXPECT_EQ(run(0), Files{"stdout=0\n"}) << error_.message;
  EXPECT_EQ(run(1), Files{"stdout=1\n"}) << error_.message;
  kernel_->rest();
  EXPECT_EQ(run(1), Files{"stdout=1\n"}) << error_.message;
}

TEST_F(ImageProgramTest, ABrokenImageIsTheTasksFailureAndNamed) {
  shell_says("echo never");
  take(samples::archive({{"readme", "no image"}}));
  EXPECT_EQ(run(), Files{});
  EXPECT_EQ(reason_, msg::FailureReason::kProgramFailed);
  EXPECT_NE(error_.message.find("neither an index.json nor a manifest.json; save it again"),
            std::string::npos)
      << error_.message;
  EXPECT_FALSE(kernel_->holds_open());
}

TEST_F(ImageProgramTest, ARequestersComparatorRunsInTheImageOfItsStep) {
  shell_says("echo x");
  document_.script = *openjd::encode_step(script_);
  const Bytes index = *encode_bundle_index({{"out.txt", false, 3}});
  RunComparison work{5, "", "", "", seconds(20), document_};
  for (const auto& [file, content] : {std::pair{&work.a, "cat"}, std::pair{&work.b, "dog"}}) {
    *file = (folder_.path() / content).string();
    samples::write_file(*file, std::string(index.begin(), index.end()) + content);
  }
  work.compare = "command:f() { read a <$1/out.txt; read b <$2/out.txt; echo $GREETING $a $b /us*; }; f";
  const Compared compared = compare_in_sandbox(work, context_);
  EXPECT_EQ(compared.verdict, msg::ComparisonVerdict::kSame) << compared.why;
  EXPECT_EQ(compared.why, "hello=you cat dog /us*");
}

TEST_F(ImageProgramTest, WithoutItsArchiveItIsMissing) {
  shell_says("echo never");
  std::filesystem::remove(document_.inputs.front().second);
  EXPECT_EQ(run(), Files{});
  EXPECT_EQ(reason_, msg::FailureReason::kInputMissing);
}

TEST(OverImage, WhatTheSandboxDecidesStandsOverTheImagesVariables) {
  const image::Image image{"", {"HOME=/root", "PATH=/opt", "A=b=c", "EMPTY="}, Descriptor()};
  EXPECT_EQ(
      over_image(image, {{"HOME", "/tmp"}, {"PATH", "/bin"}, {"LANG", "C"}}),
      (Session::Variables{{"HOME", "/tmp"}, {"PATH", "/opt"}, {"LANG", "C"}, {"A", "b=c"}, {"EMPTY", ""}}));
}

}  // namespace
}  // namespace reeve::agent::worker
