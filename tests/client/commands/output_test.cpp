#include "client/output.h"

#include <gtest/gtest.h>

#include <sstream>

#include "client/views.h"

namespace reeve::client {
namespace {

Environment no_environment() {
  return [](const std::string&) { return std::optional<std::string>(); };
}

struct Captured {
  std::ostringstream out;
  std::ostringstream err;
  Output::Streams streams(bool terminal) { return {out, err, terminal, terminal}; }
};

TEST(OutputTable, ColumnsAlignByCharactersNotBytes) {
  Table table({{"NAME"}, {"N", true}});
  table.row({{"höf"}, {"7"}});
  table.row({{"barn"}, {"1234"}});
  EXPECT_EQ(table.render({}), "NAME     N\nhöf      7\nbarn  1234\n");
}

TEST(OutputTable, ControlCharactersOfOthersNeverReachTheTerminal) {
  Table table({{"NAME"}});
  table.row({{"evil\x1b[2J"}});
  EXPECT_EQ(table.render({}), "NAME\nevil?[2J\n");
}

TEST(OutputColour, OnlyOnATerminalAndNeverWithNoColor) {
  Captured captured;
  EXPECT_FALSE(Output(captured.streams(false), no_environment()).style().color);
  EXPECT_TRUE(Output(captured.streams(true), no_environment()).style().color);
  const Environment no_color = [](const std::string& name) {
    return name == "NO_COLOR" ? std::optional<std::string>("1") : std::nullopt;
  };
  EXPECT_FALSE(Output(captured.streams(true), no_color).style().color);
}

TEST(OutputFormats, JsonCarriesItsVersionAndNothingElse) {
  Captured captured;
  Output output(captured.streams(false), no_environment());
  output.set_format(Format::kJson);
  output.note("for people");
  output.show({{{"a", 1}}, "text", "quiet"});
  EXPECT_EQ(Json::parse(captured.out.str()), Json({{"version", 1}, {"a", 1}}));
  EXPECT_EQ(captured.err.str(), "");
}

TEST(OutputFormats, QuietPrintsIdsAlone) {
  Captured captured;
  Output output(captured.streams(true), no_environment());
  output.set_format(Format::kQuiet);
  output.progress("working");
  output.show({{{"a", 1}}, "text", "5\n"});
  EXPECT_EQ(captured.out.str(), "5\n");
  EXPECT_EQ(captured.err.str(), "");
}

TEST(OutputFormats, ProgressIsALineThatStaysOnlyWhereThereIsNoTerminalAndOnlyForPeople) {
  Captured captured;
  Output log(captured.streams(false), no_environment());
  log.progress("live");
  log.progress_line("stays");
  EXPECT_EQ(captured.err.str(), "stays\n");
  log.set_format(Format::kJson);
  log.progress_line("stays");
  EXPECT_EQ(captured.err.str(), "stays\n");
  Captured seen;
  Output terminal(seen.streams(true), no_environment());
  terminal.progress_line("stays");
  EXPECT_EQ(seen.err.str(), "");
}

TEST(OutputErrors, HaveCodeMessageAndHintInJsonAndTheirOwnExitCode) {
  Captured captured;
  Output output(captured.streams(false), no_environment());
  output.set_format(Format::kJson);
  EXPECT_EQ(output.fail({ErrorCode::kNotFound, "no job 7", "see `reeve job list`"}), kExitNotFound);
  const Json error = Json::parse(captured.out.str()).at("error");
  EXPECT_EQ(error, Json({{"code", "not_found"}, {"message", "no job 7"}, {"hint", "see `reeve job list`"}}));
}

TEST(OutputErrors, EachKindHasAnExitCodeOfTheDocumentedOnes) {
  EXPECT_EQ(exit_code_of(ErrorCode::kInvalid), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::kUnreachable), 3);
  EXPECT_EQ(exit_code_of(ErrorCode::kNotAllowed), 4);
  EXPECT_EQ(exit_code_of(ErrorCode::kExhausted), 4);
  EXPECT_EQ(exit_code_of(ErrorCode::kNotFound), 5);
  EXPECT_EQ(exit_code_of(ErrorCode::kTimeout), 6);
  EXPECT_EQ(exit_code_of(ErrorCode::kCorrupt), 1);
}

TEST(Views, JobShowsWhetherItsResultsAreProvisional) {
  const auto text = [](bool final) {
    return job_view({{"job", {{"id", 3}, {"name", "film"}, {"state", "succeeded"}, {"final", final}}}}, {})
        .text;
  };
  EXPECT_NE(text(false).find("provisional"), std::string::npos);
  EXPECT_EQ(text(true).find("provisional"), std::string::npos);
  EXPECT_NE(text(true).find("final"), std::string::npos);
}

TEST(Views, AnswersOfAnotherShapeAreShownEmptyInsteadOfFailing) {
  const Json odd = {{"jobs", {{{"id", "seven"}, {"name", 5}}}},
                    {"job", 7},
                    {"accounts", Json::object()},
                    {"verify", nullptr}};
  for (auto* view : {jobs_view, job_view, tasks_view, explain_view, agents_view, agent_view, balance_view,
                     history_view, verify_view, region_view})
    EXPECT_FALSE(view(odd, {}).text.empty());
}

}  // namespace
}  // namespace reeve::client
