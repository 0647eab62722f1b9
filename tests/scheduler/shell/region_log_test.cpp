#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scheduler/shell/log_door.h"
#include "tests/scheduler/shell/region_fixture.h"

namespace reeve::shell {
namespace {

using Json = nlohmann::json;

/// What a region keeps of what programs write, over real sockets.
class RegionLog : public RegionFixture {
 protected:
  void say(Member& agent, const msg::Assignment& assignment, TaskIndex task, std::uint64_t offset,
           const std::string& text) {
    agent.peer->send(msg::LogPieces{{{assignment.attempt, assignment.step, task, offset, text}}});
    agent.peer->send(msg::Credit{0});  // orders nothing
  }
  /// An agent enrols as a stranger; at its next hello it hears what it may send.
  void ready() {
    assemble();
    EXPECT_GT(agent_.peer->hello().log_bytes_per_s, 0U);
  }
  /// Asks until there are `count` pieces: agent and requester speak over connections of their own.
  Json pieces(Peer& peer, JobId job, const std::string& query, std::size_t count) {
    Json answer;
    for (int i = 0; i < 200; ++i) {
      answer = Json::parse(peer.query("/api/v1/jobs/" + std::to_string(job.value()) + "/log" + query));
      if (answer.contains("error") || answer["log"]["pieces"].size() >= count) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return answer;
  }
};

TEST_F(RegionLog, AnAgentIsToldHowMuchTheRegionTakes) {
  assemble();
  const std::unique_ptr<Peer> again = connect(agent_.transport);
  EXPECT_GT(again->hello().log_bytes_per_s, 0U);
  EXPECT_EQ(requester_.peer->hello().log_bytes_per_s, 0U);
}

TEST_F(RegionLog, PiecesOfALeaseAreReadByTheJobsRequesterWhileItRuns) {
  ready();
  const JobId job = submit(2);
  const msg::Assignment assignment = assigned(agent_);
  say(agent_, assignment, 0, 0, "epoch 1\n");
  Json answer = pieces(*requester_.peer, job, "", 1);
  ASSERT_EQ(answer["log"]["pieces"].size(), 1U) << answer.dump();
  EXPECT_EQ(answer["log"]["pieces"][0]["text"], "epoch 1\n");
  EXPECT_EQ(answer["log"]["pieces"][0]["attempt"], assignment.attempt.value());
  const std::string from = "?from=" + std::to_string(answer["log"]["next"].get<std::uint64_t>());
  EXPECT_EQ(pieces(*requester_.peer, job, from, 0)["log"]["pieces"].size(), 0U);
  say(agent_, assignment, 1, 0, "other task\n");
  say(agent_, assignment, 0, 8, "epoch 2\n");
  answer = pieces(*requester_.peer, job, from, 2);
  EXPECT_EQ(answer["log"]["pieces"].size(), 2U) << answer.dump();
  answer = pieces(*requester_.peer, job, "?step=0&task=0", 2);
  EXPECT_EQ(answer["log"]["pieces"][1]["offset"], 8);
  const Json logs = Json::parse(
      requester_.peer->query("/api/v1/jobs/" + std::to_string(job.value()) + "/logs?task=0-0"))["logs"];
  ASSERT_EQ(logs.size(), 1U);
  EXPECT_EQ(logs[0]["bytes"], 16);
  EXPECT_EQ(logs[0]["outcome"], "running");
  report(agent_, assignment);
  await_end(job, 2);
  const Json ended =
      Json::parse(requester_.peer->query("/api/v1/jobs/" + std::to_string(job.value()) + "/logs"))["logs"];
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0]["outcome"], "agreed") << ended.dump();
}

TEST_F(RegionLog, NobodyElseReadsThem) {
  ready();
  const JobId job = submit(1);
  say(agent_, assigned(agent_), 0, 0, "mine\n");
  pieces(*requester_.peer, job, "", 1);
  Member other = enrol(Role::kRequester, *operator_, nullptr);
  EXPECT_EQ(pieces(*other.peer, job, "", 1)["error"]["code"], "not_found");
  EXPECT_EQ(pieces(*agent_.peer, job, "", 1)["error"]["code"], "not_allowed");
  EXPECT_EQ(pieces(*operator_, job, "", 1)["log"]["pieces"].size(), 1U);
}

TEST_F(RegionLog, AForeignAttemptIsNotWrittenTo) {
  ready();
  Member stranger = agent_of(owner_);
  introduce(stranger, 0);
  EXPECT_GT(stranger.peer->hello().log_bytes_per_s, 0U);
  const JobId job = submit(1);
  const msg::Assignment assignment = assigned(agent_);
  say(stranger, assignment, 0, 0, "a lie\n");
  stranger.peer->send(msg::LogPieces{{{make_attempt_id(9, 9), {JobId(99), 7}, 3, 5, "nowhere\n"}}});
  // Whoever is answered after that has been heard.
  EXPECT_EQ(Json::parse(stranger.peer->query("/api/v1/region"))["version"], 1);
  say(agent_, assignment, 0, 0, "the truth\n");
  const Json answer = pieces(*requester_.peer, job, "", 1);
  ASSERT_EQ(answer["log"]["pieces"].size(), 1U);
  EXPECT_EQ(answer["log"]["pieces"][0]["text"], "the truth\n");
}

TEST_F(RegionLog, AFloodCostsTheAgentItsLogAndTheRegionNothing) {
  ready();
  const JobId job = submit(1);
  const msg::Assignment assignment = assigned(agent_);
  msg::LogPieces flood;
  std::uint64_t at = 0;
  for (std::uint32_t i = 0; i < limits::kLogPiecesPerMessage; ++i)
    flood.pieces.push_back({assignment.attempt, assignment.step, 0, at += 16'384, std::string(16'384, 'x')});
  for (int i = 0; i < 40; ++i) {  // 80 MiB
    for (msg::LogPiece& piece : flood.pieces)
      piece.offset = at += 16'384;
    agent_.peer->send(flood);
  }
  report(agent_, assignment);
  await_end(job, 1);
  const Json logs =
      Json::parse(requester_.peer->query("/api/v1/jobs/" + std::to_string(job.value()) + "/logs"))["logs"];
  ASSERT_EQ(logs.size(), 1U);
  EXPECT_LE(logs[0]["kept_bytes"].get<std::uint64_t>(), 1U << 20);
  EXPECT_NE(operator_->query("/api/v1/region").find("\"agents_online\":1"), std::string::npos);
}

TEST_F(RegionLog, MoreThanAnAnswerHoldsComesInPages) {
  ready();
  const JobId job = submit(2);
  const msg::Assignment assignment = assigned(agent_);
  for (TaskIndex task = 0; task < 2; ++task) {
    msg::LogPieces pieces;
    for (std::uint64_t i = 0; i < 50; ++i)
      pieces.pieces.push_back(
          {assignment.attempt, assignment.step, task, i * 16'000, std::string(15'999, '"') + "\n"});
    agent_.peer->send(pieces);
  }
  report(agent_, assignment);
  await_end(job, 2);
  const std::string path = "/api/v1/jobs/" + std::to_string(job.value()) + "/log?from=";
  std::uint64_t next = 0;
  std::size_t bytes = 0;
  std::size_t answers = 0;
  for (bool more = true; more && answers < 100; ++answers) {
    const Json log = Json::parse(requester_.peer->query(path + std::to_string(next)))["log"];
    for (const Json& piece : log["pieces"])
      bytes += piece["text"].get<std::string>().size();
    more = log["more"];
    next = log["next"];
  }
  EXPECT_EQ(bytes, 2U * 50 * 16'000);
  EXPECT_GE(answers, 2U);
  EXPECT_LE(answers, 3U);
}

TEST_F(RegionLog, APieceThatIsNoTextCostsItsSender) {
  ready();
  const msg::LogPiece bad{AttemptId(1), {JobId(1), 0}, 0, 0, "\x1b[2J"};
  for (int i = 0; i < 3; ++i)
    agent_.peer->send(msg::LogPieces{{bad}});
  EXPECT_TRUE(agent_.peer->expect<msg::Goodbye>().has_value());
}

TEST_F(RegionLog, LogsOutliveARestart) {
  ready();
  const JobId job = submit(1);
  const msg::Assignment assignment = assigned(agent_);
  say(agent_, assignment, 0, 0, "kept\n");
  report(agent_, assignment);
  await_end(job, 1);
  stop();
  start();
  const std::unique_ptr<Peer> again = connect(requester_.transport);
  again->hello();
  EXPECT_EQ(pieces(*again, job, "?task=0", 1)["log"]["pieces"][0]["text"], "kept\n");
}

TEST_F(RegionLog, AQuestionThatMakesNoSenseIsToldSo) {
  ready();
  const JobId job = submit(1);
  for (const char* query :
       {"?task=x", "?task=5-2", "?task=1-", "?attempt=-1", "?step=9999999999999999999999"})
    EXPECT_EQ(pieces(*requester_.peer, job, query, 1)["error"]["code"], "invalid") << query;
}

}  // namespace
}  // namespace reeve::shell
