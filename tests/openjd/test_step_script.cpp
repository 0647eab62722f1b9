#include <gtest/gtest.h>

#include "openjd/limits.h"
#include "openjd/task.h"
#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

StepScript rich_script() {
  const std::string text =
      script_with(
          "actions:\n"
          "  onRun:\n"
          "    command: '{{Task.File.Main}}'\n"
          "    args: ['{{Task.Param.Frame}}', '{{Param.Count}}', plain]\n"
          "    timeout: 90\n"
          "    cancelation: {mode: NOTIFY_THEN_TERMINATE}\n"
          "embeddedFiles: [{name: Main, type: TEXT, filename: m.sh, runnable: true, data: "
          "'echo {{Session.WorkingDirectory}}'}]\n") +
      "jobEnvironments: [{name: E, variables: {A: '{{Env.File.F}}'}, script: {actions: "
      "{onEnter: {command: x}}, embeddedFiles: [{name: F, type: TEXT, data: y}]}}]\n";
  return job_of(text).steps.at(0).script;
}

Bytes encoded(const StepScript& script) {
  Result<Bytes> bytes = encode_step(script);
  EXPECT_TRUE(bytes);
  return *std::move(bytes);
}

TEST(StepScript, BytesGiveTheSameStepAndTheSameTasks) {
  const StepScript script = rich_script();
  const Bytes bytes = encoded(script);
  const Result<StepScript> again = decode_step(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(encoded(*again), bytes);
  EXPECT_EQ(again->space, script.space);
  EXPECT_EQ(again->on_run.timeout_s, 90U);
  EXPECT_EQ(again->on_run.cancelation.notify_period_s, 120U);
  const HostValues host{"/session", {}, "", {"/session/m.sh"}};
  for (std::uint64_t i = 0; i < script.space.size(); ++i) {
    EXPECT_EQ(resolve_task(*again, i, host).line, resolve_task(script, i, host).line);
    EXPECT_EQ(resolve_task(*again, i, host).parameters, resolve_task(script, i, host).parameters);
  }
}

TEST(StepScript, PathRulesTravelAndAStepWithoutThemHasTheBytesOfBefore) {
  StepScript script = rich_script();
  EXPECT_EQ(encoded(script).at(0), 3U) << "older agents read this form";
  script.path_rules = {{PathFormat::kWindows, "C:\\show", "/mnt"}, {PathFormat::kPosix, "/a", "/b"}};
  const Result<StepScript> again = decode_step(encoded(script));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->path_rules, script.path_rules);
  EXPECT_FALSE(again->leaves_with_task);
  script.path_rules.resize(limits::kPathMappingRules + 1);
  EXPECT_FALSE(decode_step(encoded(script)));
  script.path_rules.clear();
  script.leaves_with_task = true;
  EXPECT_TRUE(decode_step(encoded(script))->leaves_with_task);
  script.path_rules = {{static_cast<PathFormat>(kLastPathFormat + 1), "/a", "/b"}};
  EXPECT_FALSE(decode_step(encoded(script)));
}

TEST(StepScript, AnImageTravelsInAFormOfItsOwnAndOtherStepsKeepTheirs) {
  StepScript script = rich_script();
  const Bytes plain = encoded(script);
  EXPECT_EQ(plain.front(), 3) << "agents that know no images run the step still";
  script.image = sha256(as_bytes("an archive"));
  script.gpus = 2;
  const Bytes bytes = encoded(script);
  EXPECT_EQ(bytes.front(), 4);
  const Result<StepScript> again = decode_step(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->image, script.image);
  EXPECT_EQ(again->gpus, 2U);
  script.image.reset();
  EXPECT_EQ(decode_step(encoded(script))->gpus, 2U);
  Bytes unneeded = plain;  // the later form without anything that asks for it
  unneeded.front() = 4;
  unneeded.insert(unneeded.end(), {0, 0});
  EXPECT_FALSE(decode_step(unneeded));
}

TEST(StepScript, EveryCutOfTheBytesIsRefused) {
  const Bytes bytes = encoded(rich_script());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_step(ByteView(bytes).first(length))) << length;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode_step(longer));
}

TEST(StepScript, DamagedBytesNeverGiveAStepThatCannotBeResolved) {
  const Bytes bytes = encoded(rich_script());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int bit : {1, 2, 16, 128}) {
      Bytes damaged = bytes;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ bit);
      const Result<StepScript> script = decode_step(damaged);
      if (!script) continue;
      HostValues host;
      host.file_paths.resize(script->files.size());
      (void)resolve_task(*script, script->space.size() - 1, host);
    }
  }
}

TEST(StepScript, AnUnknownFormatSaysSo) {
  Bytes bytes = encoded(rich_script());
  bytes[0] = 9;
  const Result<StepScript> script = decode_step(bytes);
  ASSERT_FALSE(script);
  EXPECT_EQ(script.error().code, ErrorCode::kInvalid);
  EXPECT_NE(script.error().message.find("format 9"), std::string::npos);
}

TEST(StepScript, AStepTooLargeToTravelIsRefusedBySize) {
  StepScript script;
  script.on_run.command = FormatString::literal(std::string(limits::kEncodedStepBytes, 'x'));
  const Result<Bytes> bytes = encode_step(script);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::kExhausted);
}

TEST(StepScript, ReferencesOutsideTheirScopeAreRefused) {
  StepScript script;
  script.on_run.command = *FormatString::parse("{{Task.Param.Frame}}");
  EXPECT_FALSE(decode_step(encoded(script))) << "the space has no parameter";
  script.on_run.command = *FormatString::parse("{{Param.Count}}");
  EXPECT_FALSE(decode_step(encoded(script))) << "job parameters are folded in before";
  script.on_run.command = *FormatString::parse("{{Session.WorkingDirectory}}");
  EXPECT_TRUE(decode_step(encoded(script)));
}

TEST(StepScript, AFileNameWithAFolderIsRefused) {
  StepScript script = rich_script();
  script.files[0].filename = "../escape";
  EXPECT_FALSE(decode_step(encoded(script)));
}

TEST(StepScript, ItIsConstantWhereNoTextNamesTheTask) {
  const auto constant = [](std::string_view script) {
    return job_of(script_with(script)).steps.at(0).script.is_constant();
  };
  EXPECT_TRUE(constant(
      "actions: {onRun: {command: echo, args: ['{{Param.Count}}', '{{Session.WorkingDirectory}}']}}\n"));
  EXPECT_FALSE(constant("actions: {onRun: {command: echo, args: ['{{Task.Param.Frame}}']}}\n"));
  EXPECT_FALSE(constant("actions: {onRun: {command: '{{Task.RawParam.Frame}}'}}\n"));
  EXPECT_FALSE(
      constant("actions: {onRun: {command: echo}}\nembeddedFiles: [{name: A, type: TEXT, data: "
               "'{{Task.Param.Frame}}'}]\n"));
}

}  // namespace
}  // namespace reeve::openjd::testing
