#include "tests/agent/sandbox/program_fixture.h"

namespace reeve::agent::worker {
namespace {

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
  EXPECT_NE(error_.message.find("exited with code: 3"), std::string::npos) << error_.message;
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
