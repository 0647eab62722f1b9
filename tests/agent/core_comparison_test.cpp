#include <algorithm>

#include "tests/agent/core_fixture.h"

namespace reeve::agent {
namespace {

using Verdict = msg::ComparisonVerdict;

const KernelVersion kCompare{"compare", 1};

class Comparing : public CoreFixture {
 protected:
  void boot_referee(Role role = Role::kReferee, bool compares = true, std::uint32_t slots = 1) {
    AgentOptions options;
    options.name = "referee";
    options.slots = slots;
    options.capability.kernels = {{"program", 1}, {"sha256", 1}};
    options.compares = compares;
    core_ = std::make_unique<AgentCore>(options);
    step(Started{});
    greet(role);
    for (SlotIndex i = 0; i < slots; ++i)
      step(SlotUp{i});
  }
  const Effects& greet(Role role = Role::kReferee) {
    msg::Welcome welcome;
    welcome.region = "home";
    welcome.agent = AgentId(3);
    welcome.role = role;
    return step(ConnectionUp{welcome});
  }
  static Digest blob(std::uint8_t n) { return Digest{{n}}; }
  static msg::ComparisonAssignment work(std::uint64_t attempt, std::uint8_t a = 1, std::uint8_t b = 2) {
    return {AttemptId(attempt), kStep, 4, blob(a), blob(b), 10, 20, "pixels", seconds(600)};
  }
  const Effects& ask(const msg::ComparisonAssignment& comparison, std::vector<msg::StepInfo> steps = {}) {
    return step(Received{msg::Assign{std::move(steps), {}, {}, {comparison}}});
  }
  void bring(std::uint8_t a = 1, std::uint8_t b = 2) {
    step(InputReady{blob(a)});
    step(InputReady{blob(b)});
  }
  std::vector<msg::ComparisonReport> found() const {
    std::vector<msg::ComparisonReport> all;
    for (const SendReport& report : last<SendReport>())
      all.insert(all.end(), report.report.comparisons.begin(), report.report.comparisons.end());
    return all;
  }
  bool names(std::uint64_t attempt) {
    wait(bounds::kHeartbeatEvery);
    const auto beats = sent<msg::Heartbeat>();
    EXPECT_EQ(beats.size(), 1u);
    const auto& held = beats.at(0).held;
    return std::find(held.begin(), held.end(), AttemptId(attempt)) != held.end();
  }
};

TEST_F(Comparing, IsOfferedByARefereeThatCanAndByNobodyElse) {
  const auto offers = [this](Role role, bool compares) {
    all_.clear();
    boot_referee(role, compares);
    const auto hellos = messages<msg::AgentHello>(all_);
    const auto& kernels = hellos.at(0).capability.kernels;
    EXPECT_TRUE(std::is_sorted(kernels.begin(), kernels.end()));
    return std::binary_search(kernels.begin(), kernels.end(), kCompare);
  };
  EXPECT_TRUE(offers(Role::kReferee, true));
  EXPECT_FALSE(offers(Role::kReferee, false));
  EXPECT_FALSE(offers(Role::kAgent, true));
}

TEST_F(Comparing, FetchesBothResultsThenRunsThenReports) {
  boot_referee();
  ask(work(9));
  EXPECT_EQ(last<FetchInput>().size(), 2u);
  step(InputReady{blob(1)});
  EXPECT_TRUE(last<RunComparison>().empty());
  step(InputReady{blob(2)});
  const auto runs = last<RunComparison>();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].work, work(9));
  EXPECT_EQ(runs[0].time, bounds::kComparisonTime);
  EXPECT_TRUE(names(9));
  step(ComparisonFinished{0, runs[0].batch, AttemptId(9), Verdict::kDiffer, "darker"});
  EXPECT_EQ(found(),
            (std::vector<msg::ComparisonReport>{{AttemptId(9), kStep, 4, Verdict::kDiffer, "darker"}}));
  EXPECT_EQ(last<ReleaseInput>().size(), 2u);
  EXPECT_FALSE(names(9));
}

TEST_F(Comparing, ReportIsSentAgainToANewConversationWhileItIsOfUse) {
  boot_referee();
  ask(work(9));
  bring();
  step(ComparisonFinished{0, last<RunComparison>().at(0).batch, AttemptId(9), Verdict::kSame, ""});
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  greet();
  EXPECT_EQ(found().size(), 1u);
  step(ConnectionLost{{ErrorCode::kUnreachable, "gone", ""}, false});
  now_ = now_ + seconds(601);
  step(Tick{});
  greet();
  EXPECT_TRUE(found().empty());
}

TEST_F(Comparing, WithoutAVerdictNothingIsSaidOfTheResults) {
  boot_referee();
  ask(work(9));
  bring();
  step(ComparisonFinished{0, last<RunComparison>().at(0).batch, AttemptId(9), std::nullopt, "no disk"});
  EXPECT_TRUE(last<SendReport>().empty());
  EXPECT_FALSE(names(9)) << "so that the region asks again";
}

TEST_F(Comparing, AResultThatDoesNotComeEndsIt) {
  boot_referee();
  ask(work(9));
  step(InputReady{blob(1)});
  step(InputFailed{blob(2), "not for you"});
  EXPECT_TRUE(last<SendReport>().empty());
  EXPECT_EQ(last<ReleaseInput>().size(), 2u);
  EXPECT_FALSE(names(9));
}

TEST_F(Comparing, IsCancelledWhereverItStands) {
  boot_referee();
  const auto cancel = [this](std::uint64_t attempt) {
    step(Received{msg::CancelAttempts{{{AttemptId(attempt), {4, 1}}}}});
  };
  ask(work(9));
  cancel(9);
  EXPECT_EQ(last<ReleaseInput>().size(), 2u);
  EXPECT_TRUE(last<CancelBatch>().empty());
  ask(work(10));
  bring();
  const BatchId batch = last<RunComparison>().at(0).batch;
  cancel(10);
  ASSERT_EQ(last<CancelBatch>().size(), 1u);
  EXPECT_EQ(last<CancelBatch>()[0].batch, batch);
  step(ComparisonFinished{0, batch, AttemptId(10), Verdict::kSame, ""});
  EXPECT_TRUE(last<SendReport>().empty());
}

TEST_F(Comparing, EndsInTimeForItsLease) {
  boot_referee();
  ask(work(9));
  now_ = now_ + seconds(560);
  bring();
  ASSERT_EQ(last<RunComparison>().size(), 1u);
  EXPECT_EQ(last<RunComparison>()[0].time, seconds(30));
  ask(work(10, 3, 4));
  EXPECT_LE(core_->next_deadline(), now_ + seconds(590));
  now_ = now_ + seconds(591);
  step(Tick{});
  bring(3, 4);
  EXPECT_TRUE(last<RunComparison>().empty()) << "the region has taken it back";
}

TEST_F(Comparing, GoesToAnotherWorkerWhereTheFirstEndedWithoutAWord) {
  boot_referee();
  ask(work(9));
  bring();
  step(SlotDown{0, "was killed"});
  EXPECT_TRUE(last<SendReport>().empty());
  step(SlotUp{0});
  EXPECT_EQ(last<RunComparison>().size(), 1u);
}

TEST_F(Comparing, ResultsAreFetchedForTheNextOnesAlone) {
  boot_referee();
  for (std::uint8_t i = 0; i < 10; ++i)
    ask(work(20 + i, static_cast<std::uint8_t>(2 * i + 1), static_cast<std::uint8_t>(2 * i + 2)));
  EXPECT_EQ(only<FetchInput>(all_).size(), 2 * (1 + bounds::kComparisonsAhead));
  for (std::size_t i = 0; i < bounds::kWaitingComparisons + 10; ++i)
    ask(work(100 + i, 50, 51));
  EXPECT_FALSE(names(100 + bounds::kWaitingComparisons)) << "no more wait than the bound";
  EXPECT_TRUE(names(29));
}

TEST_F(Comparing, WithAComparatorOfTheRequestersTheStepsInputsComeToo) {
  boot_referee();
  msg::ComparisonAssignment comparison = work(9);
  comparison.compare = "command:./same.py";
  ask(comparison, {step_info({blob(7)})});
  bring();
  EXPECT_TRUE(last<RunComparison>().empty());
  step(InputReady{blob(7)});
  ASSERT_EQ(last<RunComparison>().size(), 1u);
  ASSERT_TRUE(last<RunComparison>()[0].step);
  EXPECT_EQ(last<RunComparison>()[0].step->inputs, std::vector<Digest>{blob(7)});
}

}  // namespace
}  // namespace reeve::agent
