#include "openjd/merge.h"
#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

EnvironmentDocument document(const std::string& name, const std::string& parameter,
                             const std::string& extensions = "") {
  const Checked<EnvironmentDocument> parsed = parse_environment_template(
      "specificationVersion: environment-2023-09\n" + extensions + "parameterDefinitions: [{name: P, " +
      parameter + "}]\nenvironment: {name: " + name + ", variables: {P: '{{Param.P}}'}}\n");
  EXPECT_TRUE(parsed) << all_errors(parsed.errors);
  return parsed ? *parsed.value : EnvironmentDocument{};
}

JobTemplate job(const std::string& parameter) {
  const Checked<JobTemplate> parsed =
      parse_template(job_with("parameterDefinitions: [{name: P, " + parameter +
                              "}]\njobEnvironments: [{name: Own, variables: {A: b}}]\n"));
  EXPECT_TRUE(parsed) << all_errors(parsed.errors);
  return parsed ? *parsed.value : JobTemplate{};
}

/// The value that P gets, or "refused: PROBLEM".
std::string value_of(const std::vector<std::string>& environments, const std::string& own,
                     const ParameterValues& given = {}) {
  std::vector<EnvironmentDocument> documents;
  for (const std::string& parameter : environments)
    documents.push_back(document("E" + std::to_string(documents.size()), parameter));
  const Checked<JobTemplate> merged = with_environments(job(own), documents);
  if (!merged) return "refused: " + merged.errors.at(0).problem;
  const Checked<Job> made = instantiate(*merged.value, given);
  return made ? made.value->parameters.at(0).raw_value : "refused: " + made.errors.at(0).problem;
}

TEST(Merge, TheLastDefaultIsTheJobs) {
  EXPECT_EQ(value_of({"type: INT, default: 1"}, "type: INT, default: 2"), "2");
  EXPECT_EQ(value_of({"type: INT, default: 1"}, "type: INT"), "1");
  EXPECT_EQ(value_of({"type: INT, default: 1", "type: INT, default: 3"}, "type: INT"), "3");
}

TEST(Merge, EveryBoundHolds) {
  const std::vector<std::string> bounds = {"type: INT, minValue: 10, maxValue: 100",
                                           "type: INT, maxValue: 50"};
  EXPECT_EQ(value_of(bounds, "type: INT, minValue: 0", {{"P", "50"}}), "50");
  EXPECT_NE(value_of(bounds, "type: INT", {{"P", "9"}}).find("below the minimum"), std::string::npos);
  EXPECT_NE(value_of(bounds, "type: INT", {{"P", "51"}}).find("above the maximum"), std::string::npos);
  const std::vector<std::string> lengths = {"type: STRING, minLength: 2", "type: STRING, maxLength: 3"};
  EXPECT_EQ(value_of(lengths, "type: STRING", {{"P", "abc"}}), "abc");
  EXPECT_NE(value_of(lengths, "type: STRING", {{"P", "a"}}).find("1 characters"), std::string::npos);
  EXPECT_NE(value_of(lengths, "type: STRING", {{"P", "abcd"}}).find("4 characters"), std::string::npos);
  EXPECT_NE(
      value_of({"type: FLOAT, minValue: 0.5"}, "type: FLOAT, maxValue: 1", {{"P", "0.25"}}).find("below"),
      std::string::npos);
}

TEST(Merge, ADefaultKeepsTheBoundsOfEveryTemplate) {
  EXPECT_NE(
      value_of({"type: INT, minValue: 10"}, "type: INT, minValue: 0, default: 5").find("below the minimum"),
      std::string::npos);
  EXPECT_NE(
      value_of({"type: INT, allowedValues: [1, 2]"}, "type: INT, default: 3").find("not among the allowed"),
      std::string::npos);
  EXPECT_EQ(value_of({"type: INT, minValue: 10, default: 10"}, "type: INT, minValue: 0, default: 12"), "12");
}

TEST(Merge, OnlyWhatAllAllowIsAllowed) {
  const std::vector<std::string> choice = {"type: INT, allowedValues: [1, 2, 3]"};
  EXPECT_EQ(value_of(choice, "type: INT, allowedValues: ['03', 4]", {{"P", "3"}}), "3");
  EXPECT_NE(value_of(choice, "type: INT, allowedValues: [3, 4]", {{"P", "4"}}).find("not among"),
            std::string::npos);
  EXPECT_EQ(value_of(choice, "type: INT, allowedValues: [4]"),
            "refused: no value is allowed by every template");
}

TEST(Merge, WhatContradictsIsRefusedByName) {
  EXPECT_EQ(value_of({"type: INT"}, "type: STRING"), "refused: one template makes it INT, another STRING");
  EXPECT_EQ(value_of({"type: PATH, objectType: FILE"}, "type: PATH, objectType: DIRECTORY"),
            "refused: the templates differ in its objectType");
  EXPECT_EQ(value_of({"type: PATH, dataFlow: IN"}, "type: PATH, dataFlow: OUT"),
            "refused: the templates differ in its dataFlow");
  EXPECT_EQ(value_of({"type: PATH, objectType: FILE"}, "type: PATH", {{"P", "/a"}}), "/a")
      << "what is not said does not contradict";
  EXPECT_EQ(value_of({"type: INT, minValue: 5"}, "type: INT, maxValue: 4"),
            "refused: the templates together allow no value");
}

TEST(Merge, EnvironmentsAreEnteredBeforeTheJobsOwn) {
  const Checked<JobTemplate> merged = with_environments(
      job("type: INT, default: 4"),
      {document("First", "type: INT"), document("Second", "type: INT", "extensions: [REDACTED_ENV_VARS]\n")});
  ASSERT_TRUE(merged) << all_errors(merged.errors);
  const Checked<Job> made = instantiate(*merged.value, {});
  ASSERT_TRUE(made);
  const StepScript& script = made.value->steps.at(0).script;
  ASSERT_EQ(script.environments.size(), 3U);
  EXPECT_EQ(script.environments[0].name + script.environments[1].name + script.environments[2].name,
            "FirstSecondOwn");
  EXPECT_EQ(script.environments[0].variables.at(0).value.literals(), "4");
  EXPECT_TRUE(script.redacted_variables);
  EXPECT_FALSE(job_of(job_with("")).steps.at(0).script.redacted_variables);
}

}  // namespace
}  // namespace reeve::openjd::testing
