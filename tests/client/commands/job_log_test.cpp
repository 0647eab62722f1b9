#include "client/job_log.h"

#include <gtest/gtest.h>

#include "tests/client/commands/scripted_pipe.h"

namespace reeve::client {
namespace {

constexpr LogName kFirst{0, 0, 10};
constexpr LogName kSecond{0, 1, 11};

/// What a printer writes.
struct Printed {
  std::string text;
  LogPrinter printer(bool several_tasks, bool several_steps = false) {
    return LogPrinter([this](std::string_view more) { text += more; }, several_tasks, several_steps, Style{});
  }
};

TEST(LogPrinter, TheLogOfOneTaskIsShownAsItComes) {
  Printed out;
  LogPrinter printer = out.printer(false);
  printer.show({kFirst, 0, "half a li"});
  EXPECT_EQ(out.text, "half a li");
  printer.show({kFirst, 9, "ne\nnext"});
  printer.end_all();
  EXPECT_EQ(out.text, "half a line\nnext\n");
}

TEST(LogPrinter, LinesOfSeveralTasksStayWhole) {
  Printed out;
  LogPrinter printer = out.printer(true);
  printer.show({kFirst, 0, "one "});
  printer.show({kSecond, 0, "two\nthree"});
  printer.show({kFirst, 4, "line\n"});
  EXPECT_EQ(out.text, "1: two\n0: one line\n");
  printer.end_all();
  EXPECT_EQ(out.text, "1: two\n0: one line\n1: three\n");
}

TEST(LogPrinter, StepsAreNamedWhereThereAreSeveral) {
  Printed out;
  LogPrinter printer = out.printer(true, true);
  printer.show({{2, 7, 1}, 0, "x\n"});
  EXPECT_EQ(out.text, "2/7: x\n");
}

TEST(LogPrinter, WhatIsMissingIsSaid) {
  Printed out;
  LogPrinter printer = out.printer(false);
  printer.show({kFirst, 0, "begin"});
  printer.show({kFirst, 1000, "end\n"});
  EXPECT_EQ(out.text, "begin\n[... 995 bytes ...]\nend\n");
  EXPECT_EQ(printer.missing_bytes(), 995u);
  EXPECT_EQ(printer.shown_bytes(), 9u);
}

TEST(LogPrinter, APieceThatComesTwiceIsShownOnce) {
  Printed out;
  LogPrinter printer = out.printer(false);
  printer.show({kFirst, 0, "once\n"});
  printer.show({kFirst, 0, "once\n"});
  EXPECT_EQ(out.text, "once\n");
}

TEST(ParseTasks, TakesATaskOrARange) {
  EXPECT_EQ(*parse_tasks("3"), "3");
  EXPECT_EQ(*parse_tasks("0-9"), "0-9");
  for (const char* bad : {"", "-", "3-", "-3", "5-2", "x", "1,2", "1-2-3", "&state=x"})
    EXPECT_FALSE(parse_tasks(bad).ok()) << bad;
}

LogInfo info(std::uint64_t task, std::uint64_t attempt, const std::string& outcome) {
  return {{0, task, attempt}, "", outcome, 0, 0};
}

TEST(ChosenLogs, TheAttemptThatCountsIsShownElseTheNewest) {
  const std::vector<LogInfo> chosen =
      chosen_logs({info(0, 1, "agreed"), info(0, 2, "rejected"), info(1, 3, "failed"), info(1, 4, "running"),
                   info(2, 5, "failed"), info(2, 6, "lost"), info(3, 7, "agreed"), info(3, 8, "late")});
  ASSERT_EQ(chosen.size(), 4u);
  EXPECT_EQ(chosen[0].name.attempt, 1u);
  EXPECT_EQ(chosen[1].name.attempt, 4u);
  EXPECT_EQ(chosen[2].name.attempt, 6u);
  EXPECT_EQ(chosen[3].name.attempt, 7u);
}

/// A region whose answers are given, one a path.
class LogRegion : public ::testing::Test {
 protected:
  void SetUp() override {
    script_ = std::make_shared<Script<msg::Message>>();
    script_->on_message = [this](Script<msg::Message>& script, const msg::Message& message) {
      if (std::holds_alternative<msg::Hello>(message)) script.answers.push_back(msg::Welcome{});
      const auto* query = std::get_if<msg::Query>(&message);
      if (!query) return;
      asked_.push_back(query->path);
      const std::string text = answers_.contains(query->path) ? answers_[query->path] : R"({"version": 1})";
      script.answers.push_back(msg::Replies{{{query->request, msg::Json{text}}}});
    };
    auto opened = Connection::open(std::make_unique<ScriptedPipe<msg::Message>>(script_), seconds(1));
    ASSERT_TRUE(opened.ok());
    connection_.emplace(std::move(*opened));
  }
  static std::string page(const std::string& pieces, std::uint64_t next, bool more) {
    return R"({"log": {"pieces": [)" + pieces + R"(], "next": )" + std::to_string(next) + R"(, "more": )" +
           (more ? "true" : "false") + "}}";
  }
  static std::string piece(std::uint64_t attempt, std::uint64_t offset, const std::string& text) {
    return R"({"step": 0, "task": 4, "attempt": )" + std::to_string(attempt) + R"(, "offset": )" +
           std::to_string(offset) + R"(, "text": ")" + text + R"("})";
  }
  static std::string logs(std::uint64_t attempt, const std::string& outcome) {
    return R"({"logs": [{"step": 0, "task": 4, "attempt": )" + std::to_string(attempt) + R"(, "outcome": ")" +
           outcome + R"("}], "more": false})";
  }

  std::shared_ptr<Script<msg::Message>> script_;
  std::map<std::string, std::string> answers_;
  std::vector<std::string> asked_;
  std::optional<Connection> connection_;
  Printed out_;
};

TEST_F(LogRegion, PagesFollowOneAnotherAndAreCleaned) {
  answers_["/api/v1/jobs/7/log?from=0&task=4"] = page(piece(10, 0, "one\\n"), 5, true);
  answers_["/api/v1/jobs/7/log?from=5&task=4"] = page(piece(10, 4, "\\u001b[2J\\n"), 9, false);
  LogFollower follower({7, {}, "4", {}}, out_.printer(false));
  ASSERT_TRUE(follower.look(*connection_).ok());
  EXPECT_EQ(out_.text, "one\n?[2J\n");
  answers_["/api/v1/jobs/7/log?from=9&task=4"] = page("", 9, false);
  const auto more = follower.look(*connection_);
  ASSERT_TRUE(more.ok());
  EXPECT_FALSE(*more);
  EXPECT_EQ(asked_.size(), 3u);
}

TEST_F(LogRegion, ARegionThatGoesNowhereIsNotAskedForEver) {
  answers_["/api/v1/jobs/7/log?from=0"] = page("", 0, true);
  LogFollower follower({7, {}, "", {}}, out_.printer(false));
  ASSERT_TRUE(follower.look(*connection_).ok());
  EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(LogRegion, ACopyBesideTheFirstAttemptIsNotShown) {
  answers_["/api/v1/jobs/7/log?from=0"] = page(piece(10, 0, "a\\n") + "," + piece(11, 0, "a\\n"), 2, false);
  answers_["/api/v1/jobs/7/logs?limit=10000&skip=0&step=0&task=4&attempt=10"] = logs(10, "running");
  LogFollower follower({7, {}, "", {}}, out_.printer(false));
  ASSERT_TRUE(follower.look(*connection_).ok());
  EXPECT_EQ(out_.text, "a\n");
}

TEST_F(LogRegion, TheNextAttemptIsShownWhereTheFirstFailed) {
  answers_["/api/v1/jobs/7/log?from=0"] = page(piece(10, 0, "a") + "," + piece(11, 0, "b\\n"), 2, false);
  answers_["/api/v1/jobs/7/logs?limit=10000&skip=0&step=0&task=4&attempt=10"] = logs(10, "failed");
  LogFollower follower({7, {}, "", {}}, out_.printer(false));
  ASSERT_TRUE(follower.look(*connection_).ok());
  EXPECT_EQ(out_.text, "a\n[that attempt failed; what follows is attempt 11]\nb\n");
}

TEST_F(LogRegion, AWholeLogSaysWhatIsNotKeptOfIt) {
  answers_["/api/v1/jobs/7/log?from=0&step=0&task=4&attempt=10"] =
      page(piece(10, 0, "cut") + "," + piece(10, 100, "on\\n"), 2, false);
  const auto text = read_log(*connection_, 7, {0, 4, 10});
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "cut\n[... 97 bytes ...]\non\n");
}

}  // namespace
}  // namespace reeve::client
