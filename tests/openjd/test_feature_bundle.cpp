#include "openjd/task.h"
#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

std::string bundled(std::string text) {
  return text.insert(text.find('\n') + 1, "extensions: [FEATURE_BUNDLE_1]\n");
}

Step step_of(const std::string& fields, const ParameterValues& values = {}) {
  const std::string text = bundled(
      "specificationVersion: jobtemplate-2023-09\nname: J\n"
      "parameterDefinitions: [{name: Count, type: INT, default: 7}]\nsteps: [{name: A, " +
      fields + "}]\n");
  return job_of(text, values).steps.at(0);
}

std::string line_of(const Step& step) {
  HostValues host;
  host.file_paths = {"/s/file"};
  const CommandLine line = resolve_task(step.script, 0, host).line;
  std::string out = line.command;
  for (const std::string& arg : line.args)
    out += " " + arg;
  return out;
}

TEST(FeatureBundle, AShortScriptRunsItsInterpreterOnAFile) {
  const auto one = [](const std::string& key) { return step_of(key + ": {script: hello, args: [a, b]}"); };
  EXPECT_EQ(line_of(one("bash")), "bash /s/file a b");
  EXPECT_EQ(line_of(one("python")), "python /s/file a b");
  EXPECT_EQ(line_of(one("node")), "node /s/file a b");
  EXPECT_EQ(line_of(one("cmd")), "cmd /C /s/file a b");
  EXPECT_EQ(line_of(one("powershell")), "powershell -File /s/file a b");
  EXPECT_EQ(one("bash").script.files.at(0).filename, "script.sh");
  EXPECT_EQ(one("python").script.files.at(0).data.literals(), "hello");
  EXPECT_TRUE(decode_step(*encode_step(one("cmd").script)));
}

TEST(FeatureBundle, TimesComeFromParameters) {
  const Step step = step_of(
      "bash: {script: x, timeout: '{{Param.Count}}', cancelation: {mode: NOTIFY_THEN_TERMINATE, "
      "notifyPeriodInSeconds: '1{{Param.Count}}'}}");
  EXPECT_EQ(step.script.on_run.timeout_s, 7U);
  EXPECT_EQ(step.script.on_run.cancelation.notify_period_s, 17U);
  EXPECT_TRUE(step.script.on_run.cancelation.notify_then_terminate);
  const Step usual = step_of("bash: {script: x, cancelation: {mode: NOTIFY_THEN_TERMINATE}}");
  EXPECT_EQ(usual.script.on_run.timeout_s, std::nullopt);
  EXPECT_EQ(usual.script.on_run.cancelation.notify_period_s, 120U);
}

TEST(FeatureBundle, TheWayOfCancelationComesFromAParameter) {
  const auto text = [](const std::string& period) {
    return bundled(
        "specificationVersion: jobtemplate-2023-09\nname: J\n"
        "parameterDefinitions: [{name: Way, type: STRING}]\nsteps: [{name: A, bash: {script: x, "
        "cancelation: {mode: '{{Param.Way}}'" +
        period + "}}}]\n");
  };
  const auto job = [&](const std::string& mode, const std::string& period) {
    return job_of(text(period), {{"Way", mode}}).steps.at(0).script.on_run.cancelation;
  };
  EXPECT_TRUE(job("NOTIFY_THEN_TERMINATE", "").notify_then_terminate);
  EXPECT_EQ(job("NOTIFY_THEN_TERMINATE", "").notify_period_s, 120U);
  const std::string nine = ", notifyPeriodInSeconds: 9";
  EXPECT_EQ(job("NOTIFY_THEN_TERMINATE", nine).notify_period_s, 9U);
  EXPECT_FALSE(job("TERMINATE", "").notify_then_terminate);
  EXPECT_EQ(job("TERMINATE", "").notify_period_s, 0U);
  EXPECT_EQ(refusal_of(text(nine), {{"Way", "TERMINATE"}}).at(0).problem, "TERMINATE has no notify period");
  EXPECT_EQ(refusal_of(text(""), {{"Way", "terminate"}}).at(0).problem, "this is no way to cancel");
}

TEST(FeatureBundle, AmountsComeFromParameters) {
  const Step step = step_of(
      "bash: {script: x}, hostRequirements: {amounts: [{name: amount.worker.vcpu, min: '{{Param.Count}}', "
      "max: "
      "'8.5'}]}");
  EXPECT_EQ(step.requirements.amounts.at(0).min, 7.0);
  EXPECT_EQ(step.requirements.amounts.at(0).max, 8.5);
}

class Nothing : public Symbols {
 public:
  std::optional<std::string_view> value(const Reference& /*reference*/) const override {
    return std::nullopt;
  }
};

TEST(FeatureBundle, LinesEndAsTheFileAsks) {
  const auto text = [](const std::string& data, EndOfLine end) {
    return file_text({"F", "", false, FormatString::literal(data), end}, Nothing{});
  };
  EXPECT_EQ(text("a\nb\r\nc\n", EndOfLine::kLf), "a\nb\nc\n");
  EXPECT_EQ(text("a\nb\r\nc\n", EndOfLine::kCrlf), "a\r\nb\r\nc\r\n");
  EXPECT_EQ(text("a\nb\r\nc\n", EndOfLine::kAuto), "a\nb\r\nc\n") << "this host's own line ends";
  EXPECT_EQ(text("a\rb\r", EndOfLine::kCrlf), "a\rb\r") << "a lone return ends no line";
}

}  // namespace
}  // namespace reeve::openjd::testing
