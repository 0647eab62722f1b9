#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "scheduler/shell/clock.h"
#include "tests/scheduler/shell/region_fixture.h"

namespace reeve::shell {
namespace {

using Json = nlohmann::json;

/// What the API says of a region at work.
class LiveView : public RegionFixture {
 protected:
  Json ask(Peer& peer, const std::string& path) { return Json::parse(peer.query("/api/v1/" + path)); }
  Json tasks(JobId job) {
    return ask(*requester_.peer, "jobs/" + std::to_string(job.value()) + "/tasks?limit=1000")["tasks"];
  }
  /// Asks until the answer is as hoped for, for ten seconds at most.
  template <class Hope>
  Json await(const std::function<Json()>& question, Hope hope) {
    Json answer;
    for (int i = 0; i < 500; ++i) {
      answer = question();
      if (hope(answer)) return answer;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << answer.dump(2);
    return answer;
  }
  /// A second owner with an agent of his.
  Member rival() {
    rival_owner_ = enrol(Role::kOwner, *operator_, nullptr);
    Member agent = agent_of(rival_owner_);
    introduce(agent, 1000);
    return agent;
  }
  JobId submit_checked(std::uint32_t tasks) {
    return submit(tasks, {}, 4096, [](msg::SubmitJob& job) {
      job.spec.verify.mode = VerifyMode::kQuorum;
      job.spec.verify.quorum = 2;
    });
  }
  Member rival_owner_;
};

TEST_F(LiveView, ATaskIsQueuedThenRunningThenSettled) {
  assemble();
  owner_.peer->command(msg::SetAgentPaused{agent_.enrolled.agent, true});
  const JobId job = submit(10);
  Json list = tasks(job);
  ASSERT_EQ(list.size(), 1U) << "tasks that are alike are one row";
  EXPECT_EQ(list[0]["state"], "queued");
  EXPECT_EQ(list[0]["count"], 10);

  owner_.peer->command(msg::SetAgentPaused{agent_.enrolled.agent, false});
  const msg::Assignment assignment = assigned(agent_);
  list = tasks(job);
  EXPECT_EQ(list[0]["state"], "running");
  EXPECT_EQ(list[0]["count"], assignment.tasks.count);
  EXPECT_EQ(list[0]["attempts"][0]["verdict"], "running");
  EXPECT_EQ(list[0]["attempts"][0]["attempt"], assignment.attempt.value());
  EXPECT_EQ(list[0]["attempts"][0]["agent_name"], "agent");
  EXPECT_GT(list[0]["attempts"][0]["leased_ns"], 0);
  EXPECT_EQ(list[1]["state"], "queued");
  const Json whole = ask(*requester_.peer, "jobs/" + std::to_string(job.value()))["job"];
  EXPECT_EQ(whole["running"], assignment.tasks.count);
  EXPECT_EQ(whole["steps"][0]["running"], assignment.tasks.count);

  report(agent_, assignment);
  std::uint64_t reported = assignment.tasks.count;
  while (reported < 10) {
    const msg::Assignment more = assigned(agent_);
    report(agent_, more);
    reported += more.tasks.count;
  }
  await_end(job, 10);
  for (const Json& task : tasks(job)) {
    EXPECT_EQ(task["state"], "settled");
    EXPECT_EQ(task["attempts"][0]["verdict"], "agreed");
  }
}

TEST_F(LiveView, ATaskThatIsRunLongerThanItsLimitIsLate) {
  assemble();
  const JobId job =
      submit(1, {}, 4096, [](msg::SubmitJob& each) { each.spec.steps[0].time_limit = milliseconds(10); });
  assigned(agent_);
  const Json list =
      await([&] { return tasks(job); }, [](const Json& answer) { return answer[0]["state"] == "late"; });
  EXPECT_EQ(list[0]["attempts"][0]["verdict"], "running");
}

TEST_F(LiveView, AResultThatNobodyNeedsAnyMoreIsLateAndNotPending) {
  assemble();
  const JobId job = submit_checked(1);
  report(agent_, assigned(agent_));
  const std::string timeline = "timeline?job=" + std::to_string(job.value());
  const Json waiting = await([&] { return ask(*requester_.peer, timeline)["spans"]; },
                             [](const Json& spans) { return spans.size() == 1; });
  EXPECT_EQ(waiting[0]["outcome"], "pending") << "a second owner is still to confirm it";
  EXPECT_EQ(tasks(job)[0]["state"], "checking");
  EXPECT_LT(waiting[0]["start_ns"], waiting[0]["end_ns"]);
  requester_.peer->command(msg::JobCommand{job, msg::JobVerb::kCancel, 0, "enough"});
  EXPECT_EQ(ask(*requester_.peer, timeline)["spans"][0]["outcome"], "late");
  EXPECT_EQ(tasks(job)[0]["attempts"][0]["verdict"], "late");
}

TEST_F(LiveView, ARefereesWorkStandsOnTheTimeline) {
  assemble();
  Member other = rival();
  Member referee = enrol(Role::kReferee, *operator_, nullptr);
  introduce(referee, 10);
  const JobId job = submit_checked(1);
  report(agent_, assigned(agent_));
  const msg::Assignment second = assigned(other);
  msg::Assignment lie = second;
  lie.step.job = JobId(999);  // the result of another job's task, under this one's name
  msg::Report wrong = signed_report(other, lie, false);
  wrong.sections[0].step = second.step;
  resign(other, wrong);
  other.peer->send(wrong);
  const std::optional<msg::Assign> asked = referee.peer->expect<msg::Assign>();
  ASSERT_TRUE(asked.has_value());
  ASSERT_EQ(asked->leaves.size(), 1U);
  referee.peer->send(leaf_report(referee, asked->leaves[0]));
  const Json answer =
      await([&] { return ask(*requester_.peer, "timeline?job=" + std::to_string(job.value())); },
            [](const Json& each) { return !each["referee_spans"].empty(); });
  const Json& span = answer["referee_spans"][0];
  EXPECT_EQ(span["agent"], referee.enrolled.agent.value());
  EXPECT_EQ(span["task"], 0);
  EXPECT_EQ(span["wrong"], second.attempt.value());
  EXPECT_GT(span["start_ns"], 0);
  EXPECT_LE(span["start_ns"], span["end_ns"]);
  EXPECT_EQ(answer["spans"][1]["outcome"], "convicted");
}

TEST_F(LiveView, AnAgentThatLeftIsShownAsItWasLastHeard) {
  assemble();
  const std::string path = "agents/" + std::to_string(agent_.enrolled.agent.value());
  const auto question = [&] { return ask(*owner_.peer, path)["agent"]; };
  const Json before =
      await(question, [](const Json& agent) { return agent.is_object() && agent["state"] == "online"; });
  for (int i = 0; i < 3; ++i)  // three words that break a rule cost the connection
    agent_.peer->send_raw(Bytes(100, 0xFF));
  const Json after = await(question, [](const Json& agent) { return agent["state"] == "offline"; });
  EXPECT_EQ(after["capability"]["cpus"], before["capability"]["cpus"]);
  EXPECT_FALSE(after["online"].get<bool>());
  EXPECT_GT(after["last_seen_ns"], 0);
  EXPECT_EQ(after["running"], 0);
  stop();
  start();
  owner_.peer = connect(owner_.transport);
  owner_.peer->hello();
  EXPECT_EQ(question()["state"], "unheard");
}

TEST_F(LiveView, AHistoryNamesThePartiesAndHoldsOnlyWhatConcernsTheAsker) {
  assemble();
  Member other = enrol(Role::kRequester, *operator_, nullptr);
  run_job(submit(10), 10);
  const Json mine = ask(*requester_.peer, "ledger/history")["transfers"];
  ASSERT_FALSE(mine.empty());
  bool funded = false;
  for (const Json& transfer : mine) {
    if (transfer["code"] != "fund") continue;
    funded = true;
    EXPECT_EQ(transfer["credit"]["party"], requester_.enrolled.party.value());
    EXPECT_EQ(transfer["credit"]["party_name"], "requester");
  }
  EXPECT_TRUE(funded);
  EXPECT_EQ(ask(*other.peer, "ledger/history")["transfers"].size(), 1U);
  const Json all = ask(*operator_, "ledger/history?limit=1000")["transfers"];
  EXPECT_GT(all.size(), mine.size());
  for (std::size_t i = 1; i < mine.size(); ++i)
    EXPECT_LE(mine[i]["chain"], mine[i - 1]["chain"]) << "newest first";
  EXPECT_EQ(ask(*requester_.peer, "ledger/history?limit=1")["transfers"][0]["chain"], mine[0]["chain"]);
}

TEST_F(LiveView, QuestionsAreAnsweredWhileTheRegionIsUnderLoad) {
  assemble();
  constexpr std::uint32_t kTasks = 200'000;
  const JobId job = submit(kTasks);
  std::thread work([&] {
    std::uint64_t reported = 0;
    while (reported < kTasks) {
      const std::optional<msg::Assign> assign = agent_.peer->expect<msg::Assign>();
      if (!assign) return;
      for (const msg::Assignment& assignment : assign->assignments) {
        report(agent_, assignment);
        reported += assignment.tasks.count;
      }
      agent_.peer->send(msg::Credit{reported + 1000});
    }
  });
  std::uint64_t settled = 0;
  const std::string path = "jobs/" + std::to_string(job.value());
  while (settled < kTasks) {
    const Json answer = ask(*operator_, path);
    ASSERT_TRUE(answer.contains("job")) << answer.dump();
    const auto now_settled = answer["job"]["settled"].get<std::uint64_t>();
    EXPECT_GE(now_settled, settled) << "an answer knows no less than the one before";
    settled = now_settled;
    ASSERT_TRUE(ask(*operator_, path + "/tasks?limit=100").contains("tasks"));
    ASSERT_TRUE(ask(*operator_, "ledger/verify")["verify"]["ok"].get<bool>());
  }
  work.join();
}

}  // namespace
}  // namespace reeve::shell
