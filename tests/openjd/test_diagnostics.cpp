#include <gtest/gtest.h>

#include "openjd/limits.h"
#include "openjd/text.h"
#include "tests/openjd/templates.h"

namespace reeve::openjd::testing {
namespace {

TEST(Diagnostics, EveryErrorIsToldAtOnceWithItsPlace) {
  const Checked<JobTemplate> parsed = parse_template(
      "specificationVersion: jobtemplate-2023-09\n"
      "name: 7\n"
      "parameterDefinitions:\n"
      "- {name: A, type: INT, minValue: 5, default: 3}\n"
      "steps:\n"
      "- name: S\n"
      "  colour: red\n"
      "  script:\n"
      "    actions:\n"
      "      onRun:\n"
      "        command: echo\n"
      "        args: ['{{Param.B}}', 4]\n");
  ASSERT_FALSE(parsed);
  ASSERT_EQ(parsed.errors.size(), 5U) << all_errors(parsed.errors);
  EXPECT_EQ(parsed.errors[0].field, "parameterDefinitions[0].default");
  EXPECT_EQ(parsed.errors[0].value, "'3'");
  EXPECT_EQ(parsed.errors[0].mark.line, 4U);
  EXPECT_EQ(parsed.errors[1].field, "name");
  EXPECT_EQ(parsed.errors[2].field, "steps[0]");
  EXPECT_EQ(parsed.errors[2].mark.line, 7U);
  EXPECT_EQ(parsed.errors[3].field, "steps[0].script.actions.onRun.args[0]");
  EXPECT_EQ(parsed.errors[4].field, "steps[0].script.actions.onRun.args[1]");
  EXPECT_EQ(parsed.errors[4].mark.line, 12U);
  EXPECT_EQ(parsed.errors[4].mark.column, 31U);
}

TEST(Diagnostics, OneLineSaysPlaceFieldValueProblemAndRemedy) {
  const Diagnostic diagnostic{{3, 9}, "steps[0].name", "'x'", "the name is odd", "use another"};
  EXPECT_EQ(to_string(diagnostic), "line 3, column 9: steps[0].name is 'x': the name is odd; use another");
}

TEST(Diagnostics, TheirNumberIsBounded) {
  std::string keys;
  for (int i = 0; i < 1000; ++i)
    keys += "wrong" + std::to_string(i) + ": 1\n";
  const Checked<JobTemplate> parsed = parse_template(job_with(keys));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.errors.size(), limits::kDiagnostics + 1);
  EXPECT_EQ(parsed.errors.back().problem, "there are more errors than can be shown");
}

TEST(Diagnostics, LongAndOddValuesAreShownShortAndPlain) {
  const std::string shown = in_quotes(std::string(200, 'x') + "\n");
  EXPECT_LT(shown.size(), 100U);
  EXPECT_EQ(in_quotes("a\nb\xff"), "'a?b?'");
}

}  // namespace
}  // namespace reeve::openjd::testing
