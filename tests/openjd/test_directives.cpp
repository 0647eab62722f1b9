#include <gtest/gtest.h>

#include "openjd/directives.h"
#include "openjd/limits.h"
#include "openjd/session_variables.h"

namespace reeve::openjd {
namespace {

TEST(Directives, ProgressIsANumberFromZeroToAHundred) {
  EXPECT_EQ(parse_directive("openjd_progress: 42.5").kind, DirectiveKind::kProgress);
  EXPECT_EQ(parse_directive("openjd_progress: 42.5").progress_percent, 42.5);
  EXPECT_EQ(parse_directive("openjd_progress: 0").kind, DirectiveKind::kProgress);
  EXPECT_EQ(parse_directive("openjd_progress: 100").kind, DirectiveKind::kProgress);
  for (const char* line : {"openjd_progress: 100.5", "openjd_progress: -1", "openjd_progress: half",
                           "openjd_progress: nan", "openjd_progress: inf", "openjd_progress: "}) {
    const Directive directive = parse_directive(line);
    EXPECT_EQ(directive.kind, DirectiveKind::kNone) << line;
    EXPECT_FALSE(directive.error) << line;
  }
}

TEST(Directives, TextsAreTakenAsTheyStand) {
  EXPECT_EQ(parse_directive("openjd_status: loading  assets ").text, "loading  assets ");
  EXPECT_EQ(parse_directive("openjd_fail: no licence").kind, DirectiveKind::kFail);
  EXPECT_EQ(parse_directive("openjd_fail: no licence").text, "no licence");
}

TEST(Directives, OnlyALineThatStartsWithOneIsOne) {
  for (const char* line : {"", "frame 7", " openjd_status: a", "openjd_status:a", "OPENJD_STATUS: a",
                           "openjd_stats: a", "x openjd_env: A=1", "openjd_status"}) {
    EXPECT_EQ(parse_directive(line).kind, DirectiveKind::kNone) << line;
  }
}

TEST(Directives, AVariableIsANameAndAnyValue) {
  const Directive set = parse_directive("openjd_env: PATH_2=/a b=c");
  EXPECT_EQ(set.kind, DirectiveKind::kSetVariable);
  EXPECT_EQ(set.name, "PATH_2");
  EXPECT_EQ(set.value, "/a b=c");
  EXPECT_TRUE(set.secrets.empty());
  EXPECT_EQ(parse_directive("openjd_env: A=").value, "");
  EXPECT_EQ(parse_directive("openjd_env: \"A=one\\ntwo\"").value, "one\ntwo");
  EXPECT_EQ(parse_directive("openjd_unset_env: A_1").name, "A_1");
}

TEST(Directives, AMalformedVariableFailsTheAction) {
  const std::string long_value(limits::kSetVariableBytes + 1, 'x');
  for (const std::string& line :
       {std::string("openjd_env: A"), std::string("openjd_env: "), std::string("openjd_env: =1"),
        std::string("openjd_env: 1A=1"), std::string("openjd_env: A-B=1"), std::string("openjd_env: A B=1"),
        std::string("openjd_env: \"A=1"), std::string("openjd_env: \"A\""),
        std::string("openjd_env: \"A=1\"x"), std::string("openjd_env: \"A=\\u0000\""),
        "openjd_env: A=" + long_value, std::string("openjd_unset_env: A=1"),
        std::string("openjd_unset_env: "), std::string("openjd_unset_env: 1"),
        std::string("openjd_redacted_env: A")}) {
    EXPECT_TRUE(parse_directive(line).error) << line.substr(0, 80);
  }
}

TEST(Directives, WhatIsMeantToBeSecretIsHiddenEvenWhereItIsMalformed) {
  for (const char* line : {"openjd_redacted_env: 1A=hunter2", "openjd_redacted_env: hunter2",
                           "openjd_redacted_env: \"A=hunter2", "openjd_redacted_env: A B=hunter2"}) {
    const Directive directive = parse_directive(line);
    ASSERT_TRUE(directive.error) << line;
    EXPECT_EQ(directive.error->message.find("hunter2"), std::string::npos);
    Redactor redactor;
    ASSERT_TRUE(redactor.add(directive.secrets));
    EXPECT_EQ(redactor.shown(line).find("hunter2"), std::string::npos) << line;
    EXPECT_EQ(redactor.shown("hunter2").find("hunter2"), std::string::npos) << line;
  }
}

Redactor redactor_of(const std::string& line) {
  Redactor redactor;
  EXPECT_TRUE(redactor.add(parse_directive(line).secrets));
  return redactor;
}

TEST(Redactor, ASecretIsHiddenInItsOwnLineAndInEveryLaterOne) {
  const Redactor redactor = redactor_of("openjd_redacted_env: KEY=s3cret");
  EXPECT_EQ(redactor.shown("openjd_redacted_env: KEY=s3cret"), "openjd_redacted_env: KEY=********");
  EXPECT_EQ(redactor.shown("a s3cret and s3crets3cret"), "a ******** and ********");
  EXPECT_EQ(redactor.shown("nothing"), "nothing");
}

TEST(Redactor, OverlappingSecretsLeaveNoPartBehind) {
  Redactor redactor;
  ASSERT_TRUE(redactor.add({"abc", "bcd", "aba"}));
  EXPECT_EQ(redactor.shown("xabcdx"), "x********x");
  EXPECT_EQ(redactor.shown("ababa"), "********");
}

TEST(Redactor, EachLineOfALongSecretIsHidden) {
  const std::string line = "openjd_redacted_env: \"KEY=first\\n{\\nlast\"";
  const Redactor redactor = redactor_of(line);
  EXPECT_EQ(parse_directive(line).value, "first\n{\nlast");
  EXPECT_EQ(redactor.shown("the first one"), "the ******** one");
  EXPECT_EQ(redactor.shown("last"), "********");
  EXPECT_EQ(redactor.shown("{"), "********");
  EXPECT_EQ(redactor.shown("if (x) {"), "if (x) {") << "an inner line is hidden where it fills a line";
  EXPECT_EQ(redactor.shown(line).find("first"), std::string::npos);
}

TEST(Redactor, MoreThanCanBeKeptIsAnErrorAndNotALeak) {
  Redactor many;
  bool refused = false;
  for (std::size_t i = 0; i <= limits::kSecrets && !refused; ++i)
    refused = !many.add({"secret" + std::to_string(i)}).ok();
  EXPECT_TRUE(refused);
  Redactor large;
  EXPECT_FALSE(large.add({std::string(limits::kSecretBytes + 1, 'x')}).ok());
  EXPECT_TRUE(Redactor().add({"", ""}).ok()) << "an empty value hides nothing";
}

TEST(SessionVariables, AnEnvironmentsChangesLastUntilItIsLeft) {
  using Map = SessionVariables::Map;
  SessionVariables variables;
  variables.enter({{"A", "outer"}, {"B", "1"}});
  variables.enter({{"A", "inner"}});
  variables.set("C", "3");
  variables.unset("B");
  const Map base = {{"HOME", "/h"}, {"A", "base"}};
  EXPECT_EQ(variables.over(base), (Map{{"HOME", "/h"}, {"A", "inner"}, {"C", "3"}}));
  variables.leave();
  EXPECT_EQ(variables.over(base), (Map{{"HOME", "/h"}, {"A", "outer"}, {"B", "1"}}));
  variables.leave();
  EXPECT_EQ(variables.over(base), base);
}

TEST(SessionVariables, UnsettingWinsWithinOneEnvironmentAlone) {
  using Map = SessionVariables::Map;
  SessionVariables variables;
  variables.enter({});
  variables.unset("A");
  variables.set("A", "1");
  EXPECT_EQ(variables.over({}), Map{});
  variables.enter({{"A", "2"}});
  EXPECT_EQ(variables.over({}), (Map{{"A", "2"}}));
}

}  // namespace
}  // namespace reeve::openjd
