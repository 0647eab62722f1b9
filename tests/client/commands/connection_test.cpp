#include "client/connection.h"

#include <gtest/gtest.h>

#include "tests/client/commands/scripted_pipe.h"

namespace reeve::client {
namespace {

using RegionScript = Script<msg::Message>;

/// Welcomes, and answers each command and query with what `answer` gives.
std::shared_ptr<RegionScript> region(
    std::function<std::optional<decltype(msg::Reply::body)>(const msg::RequestId&)> answer) {
  auto script = std::make_shared<RegionScript>();
  script->on_message = [answer](RegionScript& self, const msg::Message& message) {
    if (std::holds_alternative<msg::Hello>(message)) {
      msg::Welcome welcome;
      welcome.region = "test";
      welcome.role = Role::kRequester;
      self.answers.push_back(welcome);
    }
    std::optional<msg::RequestId> request;
    if (const auto* commands = std::get_if<msg::Commands>(&message))
      request = commands->commands.at(0).request;
    if (const auto* query = std::get_if<msg::Query>(&message)) request = query->request;
    if (!request) return;
    if (auto body = answer(*request)) self.answers.push_back(msg::Replies{{msg::Reply{*request, *body}}});
  };
  return script;
}

Result<Connection> open(const std::shared_ptr<RegionScript>& script, Duration timeout = seconds(30)) {
  return Connection::open(std::make_unique<ScriptedPipe<msg::Message>>(script), timeout);
}

TEST(Connection, IsWelcomedBeforeAnythingElse) {
  auto script = region([](const auto&) { return msg::Done{}; });
  auto connection = open(script);
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(connection->welcome().region, "test");
  EXPECT_TRUE(std::holds_alternative<msg::Hello>(script->heard.at(0)));
}

TEST(Connection, SilenceAtTheDoorIsUnreachable) {
  auto connection = open(std::make_shared<RegionScript>(), milliseconds(1));
  ASSERT_FALSE(connection.ok());
  EXPECT_EQ(connection.error().code, ErrorCode::kUnreachable);
}

TEST(Connection, GoodbyeAtTheDoorSaysWhy) {
  auto script = std::make_shared<RegionScript>();
  script->answers.push_back(msg::Goodbye{{ErrorCode::kNotAllowed, "revoked", ""}});
  auto connection = open(script);
  ASSERT_FALSE(connection.ok());
  EXPECT_EQ(connection.error().message, "revoked");
}

TEST(Connection, RequestIdsShareTheirSessionAndCountUpBigEndian) {
  std::vector<msg::RequestId> ids;
  auto script = region([&ids](const msg::RequestId& id) {
    ids.push_back(id);
    return msg::Done{};
  });
  auto connection = open(script);
  ASSERT_TRUE(connection.ok());
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(connection->command(msg::Fund{PartyId(1), 1}).ok());
  ASSERT_EQ(ids.size(), 300U);
  EXPECT_TRUE(std::equal(ids[0].begin(), ids[0].begin() + 8, ids[299].begin()));
  EXPECT_EQ(ids[0][15], 1);
  EXPECT_EQ(ids[299][14], 1);  // 300 = 0x012c
  EXPECT_EQ(ids[299][15], 0x2c);
}

TEST(Connection, LostCommandIsSentAgainUnderTheSameIdAfterANewHello) {
  std::vector<msg::RequestId> ids;
  auto script = region([&ids](const msg::RequestId& id) -> std::optional<decltype(msg::Reply::body)> {
    ids.push_back(id);
    if (ids.size() == 1) return std::nullopt;
    return msg::Done{};
  });
  auto connection = open(script);
  ASSERT_TRUE(connection.ok());
  ASSERT_TRUE(connection->command(msg::Fund{PartyId(1), 1}).ok());
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_TRUE(std::holds_alternative<msg::Hello>(script->heard.at(script->heard.size() - 2)));
}

TEST(Connection, RefusalOfTheRegionIsTheResult) {
  auto script = region([](const auto&) { return Error{ErrorCode::kExhausted, "no funds", "ask"}; });
  auto connection = open(script);
  ASSERT_TRUE(connection.ok());
  const auto accepted = connection->submit({});
  ASSERT_FALSE(accepted.ok());
  EXPECT_EQ(accepted.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(accepted.error().hint, "ask");
}

TEST(Connection, AnswersToOthersAreNotTaken) {
  auto script = region([](const auto&) { return msg::Json{R"({"version":1,"mine":true})"}; });
  msg::Reply foreign;
  foreign.body = msg::Json{R"({"mine":false})"};
  auto connection = open(script);
  ASSERT_TRUE(connection.ok());
  script->answers.push_back(msg::Replies{{foreign}});
  const auto answer = connection->query("/api/v1/region");
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->at("mine").get<bool>());
}

TEST(Connection, JsonThatIsNoneIsCorrupt) {
  auto script = region([](const auto&) { return msg::Json{"{"}; });
  auto connection = open(script);
  ASSERT_TRUE(connection.ok());
  const auto answer = connection->query("/");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kCorrupt);
}

TEST(Connection, ErrorInsideOfJsonIsTheResult) {
  auto script = region([](const auto&) {
    return msg::Json{R"({"version":1,"error":{"code":"not_found","message":"no job 9","hint":"list them"}})"};
  });
  auto connection = open(script);
  ASSERT_TRUE(connection.ok());
  const auto answer = connection->query("/api/v1/jobs/9");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(answer.error().message, "no job 9");
  EXPECT_EQ(answer.error().hint, "list them");
}

TEST(Connection, UpdatesThatComeAmongAnswersAreKept) {
  auto script = region([](const auto&) { return msg::Done{}; });
  auto connection = open(script);
  ASSERT_TRUE(connection.ok());
  msg::JobUpdate update;
  update.job = JobId(7);
  script->answers.push_back(update);
  ASSERT_TRUE(connection->command(msg::Fund{PartyId(1), 1}).ok());
  const auto kept = connection->next_update(milliseconds(1));
  ASSERT_TRUE(kept.ok() && kept->has_value());
  EXPECT_EQ((*kept)->job, JobId(7));
}

}  // namespace
}  // namespace reeve::client
