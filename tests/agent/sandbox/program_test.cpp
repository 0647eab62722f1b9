#include <gtest/gtest.h>

#include <fstream>

#include "agent/worker/task_kernel.h"
#include "openjd/step_script.h"
#include "protocol/bundle.h"
#include "protocol/bundle_files.h"
#include "protocol/digest.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::worker {
namespace {

using openjd::FormatString;

FormatString text(const std::string& source) {
  auto parsed = FormatString::parse(source);
  EXPECT_TRUE(parsed.ok()) << source;
  return parsed.ok() ? std::move(parsed).value() : FormatString();
}

openjd::Action shell(const std::string& script) {
  openjd::Action action;
  action.command = FormatString::literal("/bin/bash");
  action.args = {FormatString::literal("-c"), text(script)};
  return action;
}

/// Program steps, run as a worker runs them.
class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto works = sandbox::sandbox_works(); !works) {
      ASSERT_NE(works.error().code, ErrorCode::kConflict)
          << works.error().message;  // a hole is no reason to skip
      GTEST_SKIP() << works.error().message;
    }
    std::filesystem::create_directory(folder_.path() / "scratch");
    context_.share = {512, (folder_.path() / "scratch").string()};
    context_.attempt = AttemptId(77);
    document_.step = {JobId(9), 0};
    document_.kernel = {"program", 1};
    document_.max_result_bytes = 1 << 20;
  }

  std::string blob(const Bytes& bytes) {
    const Digest digest = sha256(bytes);
    const auto path = folder_.path() / to_hex(digest);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    document_.inputs.emplace_back(digest, path.string());
    return path.string();
  }

  void bind() {
    auto encoded = openjd::encode_step(script_);
    ASSERT_TRUE(encoded.ok());
    document_.script = std::move(encoded).value();
    auto bound = bind_step(document_, context_);
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    kernel_ = std::move(bound).value();
  }

  /// The files of the result, as "path=text"; a script that cannot be bound or a task that fails gives none.
  std::vector<std::string> run(TaskIndex task = 0) {
    if (!kernel_) bind();
    Bytes result;
    error_ = {};
    if (!kernel_) return {};
    if (const auto ran = kernel_->run(task, result); !ran) {
      error_ = ran.error();
      reason_ = kernel_->reason_of(error_);
      return {};
    }
    return files_of(result);
  }

  static std::vector<std::string> files_of(const Bytes& result) {
    const auto length =
        bundle_head_bytes({result.data(), std::min<std::size_t>(result.size(), kBundlePrefixBytes)});
    EXPECT_TRUE(length.ok());
    const auto index =
        decode_bundle_index({result.data(), static_cast<std::size_t>(length.value())}, result.size());
    EXPECT_TRUE(index.ok());
    std::vector<std::string> files;
    std::size_t at = static_cast<std::size_t>(length.value());
    for (const BundleFile& file : index->files) {
      files.push_back(file.path + (file.executable ? "*=" : "=") +
                      std::string(result.begin() + static_cast<std::ptrdiff_t>(at),
                                  result.begin() + static_cast<std::ptrdiff_t>(at + file.size_bytes)));
      at += static_cast<std::size_t>(file.size_bytes);
    }
    return files;
  }

  using Files = std::vector<std::string>;
  TemporaryFolder folder_;
  WorkerContext context_{1};
  openjd::StepScript script_;
  StepDocument document_;
  std::unique_ptr<TaskKernel> kernel_;
  Error error_;
  msg::FailureReason reason_ = msg::FailureReason::kCrashed;
};

TEST_F(ProgramTest, StandardOutputIsTheResultWithoutPatterns) {
  script_.on_run = shell("echo answer; echo noise >&2");
  EXPECT_EQ(run(), Files{"stdout=answer\n"}) << error_.message;
}

TEST_F(ProgramTest, EqualRunsGiveEqualBytes) {
  script_.on_run = shell("mkdir -p out; echo b > out/b; echo a > out/a; chmod +x out/a");
  script_.outputs = {{FormatString::literal("out/**"), true}};
  bind();
  Bytes first;
  Bytes second;
  ASSERT_TRUE(kernel_->run(0, first).ok());
  ASSERT_TRUE(kernel_->run(0, second).ok());
  EXPECT_EQ(first, second);
  EXPECT_EQ(files_of(first), (Files{"out/a*=a\n", "out/b=b\n"}));
}

TEST_F(ProgramTest, PatternsChooseFilesAndAMissingOneIsNamed) {
  script_.on_run = shell("touch a.png b.txt; mkdir d; touch d/c.png");
  script_.outputs = {{text("{{Session.WorkingDirectory}}/*.png"), true},
                     {FormatString::literal("**/*.exr"), false}};
  EXPECT_EQ(run(), Files{"a.png="}) << error_.message;
  script_.outputs[1].required = true;
  kernel_.reset();
  EXPECT_EQ(run(), Files{});
  EXPECT_EQ(reason_, msg::FailureReason::kProgramFailed);
  EXPECT_NE(error_.message.find("**/*.exr"), std::string::npos) << error_.message;
}

TEST_F(ProgramTest, FoldersOfOutputsAreThereBeforeTheProgram) {
  script_.on_run = shell("echo a > /session/outputs/Frames/a; echo b > outputs/One/name");
  script_.outputs = {{FormatString::literal("outputs/Frames/**"), false},
                     {FormatString::literal("outputs/One/name"), true}};
  EXPECT_EQ(run(), (Files{"outputs/Frames/a=a\n", "outputs/One/name=b\n"})) << error_.message;
}

TEST_F(ProgramTest, FailureTellsStatusAndLastWords) {
  script_.on_run = shell("echo it went wrong >&2; exit 3");
  EXPECT_EQ(run(), Files{});
  EXPECT_EQ(reason_, msg::FailureReason::kProgramFailed);
  EXPECT_NE(error_.message.find("exit status 3"), std::string::npos) << error_.message;
  EXPECT_NE(error_.message.find("it went wrong"), std::string::npos) << error_.message;
}

TEST_F(ProgramTest, InputsStandInTheWorkingDirectoryAndAreNoOutputs) {
  const Bytes plain{'d', 'a', 't', 'a'};
  blob(plain);
  const std::string data = "#!/bin/sh\necho tool \"$1\"\n";
  auto bundle = encode_bundle_index({{"bin/tool", true, data.size()}, {"readme", false, 2}});
  Bytes bytes = bundle.value();
  bytes.insert(bytes.end(), data.begin(), data.end());
  bytes.insert(bytes.end(), {'h', 'i'});
  blob(bytes);
  script_.inputs = {{"in/data.txt", sha256(plain), false, false}, {"kit", sha256(bytes), true, false}};
  script_.on_run = shell("cat in/data.txt kit/readme > made; kit/bin/tool works >> made");
  script_.outputs = {{FormatString::literal("**"), true}};
  EXPECT_EQ(run(), Files{"made=datahitool works\n"}) << error_.message;
}

TEST_F(ProgramTest, InputsWithinOneAnotherAreCopied) {
  auto bundle = encode_bundle_index({{"old", false, 1}});
  Bytes bytes = bundle.value();
  bytes.push_back('o');
  blob(bytes);
  const Bytes plain{'n'};
  blob(plain);
  script_.inputs = {{"kit", sha256(bytes), true, false}, {"kit/new", sha256(plain), false, true}};
  script_.on_run = shell("cat kit/old kit/new; test -x kit/new");
  EXPECT_EQ(run(), Files{"stdout=on"}) << error_.message;
}

TEST_F(ProgramTest, InputThatIsNotHereIsNamed) {
  script_.inputs = {{"scene", Digest{}, false, false}};
  script_.on_run = shell("true");
  document_.script = openjd::encode_step(script_).value();
  const auto bound = bind_step(document_, context_);
  ASSERT_FALSE(bound.ok());
  EXPECT_NE(bound.error().message.find("'scene'"), std::string::npos);
}

TEST_F(ProgramTest, ProgramCannotSpoilAnInputForTheNextTask) {
  const Bytes plain{'d'};
  const std::string cached = blob(plain);
  script_.inputs = {{"in", sha256(plain), false, false}};
  script_.on_run = shell("chmod 777 in; echo bad > in; rm -f in; cat in");
  EXPECT_EQ(run(), Files{"stdout=d"}) << error_.message;
  EXPECT_EQ(run(), Files{"stdout=d"}) << error_.message;
  EXPECT_EQ(std::filesystem::file_size(cached), 1u);
}

TEST_F(ProgramTest, TaskSeesWhoItIsAndNothingOfTheTaskBefore) {
  script_.on_run =
      shell("echo $REEVE_JOB_ID $REEVE_TASK_ID $REEVE_ATTEMPT $REEVE_ARRAY_TASK_ID $HOME; ls; touch left");
  EXPECT_EQ(run(), Files{"stdout=9 0 77 0 /tmp\n"}) << error_.message;
  EXPECT_EQ(run(), Files{"stdout=9 0 77 0 /tmp\n"}) << error_.message;
}

TEST_F(ProgramTest, EmbeddedFilesAreWrittenAndFound) {
  script_.files = {
      {"Script", "run.sh", true, text("#!/bin/sh\necho in {{Session.WorkingDirectory}} with \"$@\"\n")},
      {"Data", "", false, FormatString::literal("{{not a reference}}")}};
  script_.on_run.command = text("{{Task.File.Script}}");
  script_.on_run.command.for_each_reference([](openjd::Reference& reference) { reference.slot = 0; });
  script_.on_run.args = {FormatString::literal("args")};
  EXPECT_EQ(run(), Files{"stdout=in /session with args\n"}) << error_.message;
}

TEST_F(ProgramTest, EnvironmentsAreEnteredInOrderAndLeftInReverse) {
  openjd::Environment outer;
  outer.name = "outer";
  outer.variables = {{"COLOUR", FormatString::literal("red")}};
  outer.on_enter = shell("echo 'openjd_env: TOKEN=abc=d'; echo enter outer $COLOUR >> log");
  outer.on_exit = shell("echo leave outer >> log; cat log >&2; false");
  openjd::Environment inner;
  inner.name = "inner";
  inner.on_enter = shell("echo enter inner $TOKEN >> log; echo 'openjd_unset_env: COLOUR'");
  inner.on_exit = shell("echo leave inner >> log");
  script_.environments = {outer, inner};
  script_.on_run = shell("cat log; echo run ${COLOUR:-none} $TOKEN");
  EXPECT_EQ(run(), Files{"stdout=enter outer red\nenter inner abc=d\nrun none abc=d\n"}) << error_.message;
}

TEST_F(ProgramTest, EnvironmentThatCannotBeEnteredFailsTheTaskByName) {
  openjd::Environment broken;
  broken.name = "licences";
  broken.on_enter = shell("echo no licence left; exit 4");
  script_.environments = {broken};
  script_.on_run = shell("true");
  EXPECT_EQ(run(), Files{});
  EXPECT_NE(error_.message.find("licences"), std::string::npos) << error_.message;
  EXPECT_NE(error_.message.find("no licence left"), std::string::npos) << error_.message;
}

TEST_F(ProgramTest, MalformedVariableFailsItsActionAndASecretIsNotRepeated) {
  script_.on_run = shell("echo 'openjd_env: 1bad=x'");
  EXPECT_EQ(run(), Files{});
  EXPECT_NE(error_.message.find("NAME=VALUE"), std::string::npos) << error_.message;
  openjd::Environment secret;
  secret.name = "secret";
  secret.on_enter = shell("echo 'openjd_redacted_env: KEY=hunter2hunter2'");
  script_.environments = {secret};
  script_.redacted_variables = true;
  script_.on_run = shell("echo key is $KEY; echo 'openjd_fail: out of luck'; exit 1");
  kernel_.reset();
  EXPECT_EQ(run(), Files{});
  EXPECT_EQ(error_.message.find("hunter2"), std::string::npos) << error_.message;
  EXPECT_NE(error_.message.find("out of luck"), std::string::npos) << error_.message;
}

TEST_F(ProgramTest, TimeoutEndsTheTaskAfterItsNotice) {
  script_.on_run = shell("trap 'cat cancel_info.json' TERM; sleep 600 & wait; sleep 600");
  script_.on_run.timeout_s = 1;
  script_.on_run.cancelation = {true, 1};
  EXPECT_EQ(run(), Files{});
  EXPECT_EQ(reason_, msg::FailureReason::kTimeLimit);
  EXPECT_NE(error_.message.find("NotifyEnd"), std::string::npos) << error_.message;
}

TEST_F(ProgramTest, ResultBeyondItsBoundIsRefusedWithBothSizes) {
  document_.max_result_bytes = 4096;
  script_.on_run = shell("head -c 100000 /dev/zero > big");
  script_.outputs = {{FormatString::literal("big"), true}};
  EXPECT_EQ(run(), Files{});
  EXPECT_EQ(reason_, msg::FailureReason::kOverLimit);
  EXPECT_NE(error_.message.find("100003"), std::string::npos) << error_.message;
  EXPECT_NE(error_.message.find("4096"), std::string::npos) << error_.message;
}

TEST_F(ProgramTest, NothingIsLeftOfATask) {
  script_.on_run = shell("mkdir -p a/b/c; touch a/b/c/d");
  run();
  kernel_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "scratch"));
}

}  // namespace
}  // namespace reeve::agent::worker
