#include <functional>

#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

struct Refusal {
  const char* rule;
  std::function<void(JobSpec&)> change;
  const char* says;  // the field and the value
};

class SubmitRefuses : public RegionFixture, public ::testing::WithParamInterface<Refusal> {};

TEST_P(SubmitRefuses, AndNamesTheFieldAndTheRemedy) {
  const PartyId ada = requester("ada");
  JobSpec spec = inline_job(10);
  spec.steps.push_back(spec.steps[0]);
  spec.steps[1].name = "second";
  GetParam().change(spec);
  const Answer answer = command(ada, msg::SubmitJob{spec, false});
  const auto* error = std::get_if<Error>(&answer);
  ASSERT_NE(error, nullptr) << "it was accepted";
  EXPECT_NE(error->message.find(GetParam().says), std::string::npos) << error->message;
  EXPECT_FALSE(error->hint.empty());
  EXPECT_TRUE(events<JobAccepted>().empty());
}

const Refusal kRefusals[] = {
    {"EmptyName", [](JobSpec& s) { s.name.clear(); }, "name is empty"},
    {"LongName", [](JobSpec& s) { s.name = std::string(2049, 'x'); }, "name is empty, too long"},
    {"NoSteps", [](JobSpec& s) { s.steps.clear(); }, "steps: 0"},
    {"ManySteps", [](JobSpec& s) { s.steps.resize(257, s.steps[0]); }, "steps: 257"},
    {"Priority", [](JobSpec& s) { s.priority = 101; }, "priority 101"},
    {"NoQuorum",
     [](JobSpec& s) {
       s.verify = {VerifyMode::kQuorum, 0};
     },
     "quorum 0"},
    {"LargeQuorum",
     [](JobSpec& s) {
       s.verify = {VerifyMode::kQuorum, 6};
     },
     "quorum 6"},
    {"Retries", [](JobSpec& s) { s.max_retries = 101; }, "max_retries"},
    {"NegativePrice", [](JobSpec& s) { s.max_price = -1; }, "max_price"},
    {"PriceBelowTheQuote", [](JobSpec& s) { s.max_price = 40 * kPrice - 1; },
     "max_price 399999 micro-credits is below the quote: likely 204000, at most 400000"},
    {"AfterItself", [](JobSpec& s) { s.after = {JobId(1)}; }, "job 1 does not exist"},
    {"AfterNothing", [](JobSpec& s) { s.after = {JobId()}; }, "job 0 does not exist"},
    {"ManyAfter", [](JobSpec& s) { s.after.resize(65, JobId(1)); }, "65 jobs"},
    {"StepName", [](JobSpec& s) { s.steps[1].name = "a\x01"; }, "steps[1].name"},
    {"NoTasks", [](JobSpec& s) { s.steps[1].task_count = 0; }, "steps[1].task_count 0"},
    {"ManyTasks", [](JobSpec& s) { s.steps[0].task_count = 0xFFFF'FFFF; }, "steps[0].task_count 4294967295"},
    {"NoKernel", [](JobSpec& s) { s.steps[0].need.kernel.name.clear(); }, "steps[0].need.kernel"},
    {"UnsortedTags",
     [](JobSpec& s) {
       s.steps[0].need.tags = {"b", "a"};
     },
     "steps[0].need.tags"},
    {"LargeScript", [](JobSpec& s) { s.steps[0].script.resize(65'537); }, "script has 65537 bytes"},
    {"ManyInputs", [](JobSpec& s) { s.steps[0].inputs.resize(65); }, "inputs: 65"},
    {"MuchWork", [](JobSpec& s) { s.steps[0].work_per_task = 1'000'000'000'000'001; }, "work_per_task 1000"},
    {"NoResult", [](JobSpec& s) { s.steps[0].max_result_bytes = 0; }, "max_result_bytes 0"},
    {"NoTime", [](JobSpec& s) { s.steps[0].time_limit = {}; }, "steps[0].time_limit"},
    {"UnservedComparison", [](JobSpec& s) { s.steps[1].compare = "pixels"; }, "steps[1].compare 'pixels'"},
    {"DependsOnItself", [](JobSpec& s) { s.steps[1].depends_on = {1}; }, "depends_on names step 1"},
    {"DependsTwice",
     [](JobSpec& s) {
       s.steps[1].depends_on = {0, 0};
     },
     "depends_on names step 0"}};

INSTANTIATE_TEST_SUITE_P(Rules, SubmitRefuses, ::testing::ValuesIn(kRefusals),
                         [](const auto& refusal) { return std::string(refusal.param.rule); });

class Submit : public RegionFixture {};

TEST_F(Submit, AQuoteChangesNothing) {
  const PartyId eve = requester("eve", 1);  // who could not pay for it
  JobSpec spec = inline_job(10);
  spec.verify = {VerifyMode::kQuorum, 2};
  spec.steps[0].inputs = {Digest{}};
  const std::size_t before = journal_.size();
  const Answer answer = command(eve, msg::SubmitJob{spec, false, true});
  ASSERT_TRUE(std::holds_alternative<msg::Accepted>(answer));
  EXPECT_EQ(std::get<msg::Accepted>(answer).job, JobId());
  EXPECT_EQ(std::get<msg::Accepted>(answer).quote_most, 20 * kPrice);
  EXPECT_EQ(journal_.size(), before);
  spec.steps[0].name.clear();
  EXPECT_TRUE(std::holds_alternative<Error>(command(eve, msg::SubmitJob{spec, false, true})));
}

TEST_F(Submit, AQuoteSaysWhatIsLikelyAndWhatIsMost) {
  const PartyId ada = requester("ada");
  const auto accepted = std::get<msg::Accepted>(command(ada, msg::SubmitJob{inline_job(100), false}));
  EXPECT_EQ(accepted.quote_likely, 100 * kPrice + 100 * kPrice / 50) << "the floor runs 2 % twice";
  EXPECT_EQ(accepted.quote_most, 200 * kPrice);
}

TEST_F(Submit, ARequesterWithoutTheCreditsOfTheFirstWindowIsRefused) {
  Policy policy;
  policy.escrow_window_tasks = 4;
  found(policy);
  const PartyId ada = requester("ada", 8 * kPrice - 1);  // each task may run twice
  const Answer answer = command(ada, msg::SubmitJob{inline_job(20), false});
  ASSERT_TRUE(std::holds_alternative<Error>(answer));
  const Error error = std::get<Error>(answer);
  EXPECT_EQ(error.code, ErrorCode::kExhausted);
  EXPECT_NE(error.message.find("you have 79999 micro-credits, the first 4 tasks can cost 80000"),
            std::string::npos)
      << error.message;
  EXPECT_NE(error.hint.find("ask the region's operator"), std::string::npos);
  EXPECT_TRUE(events<JobAccepted>().empty());
  command(operator_, msg::Fund{ada, 1});
  submit(ada, inline_job(20));
}

TEST_F(Submit, TheDearestStepsWindowCounts) {
  const PartyId ada = requester("ada", 19 * kPrice);
  JobSpec spec = inline_job(1);
  spec.steps.push_back(spec.steps[0]);
  spec.steps[1].task_count = 10;
  spec.steps[1].depends_on = {0};
  const Answer answer = command(ada, msg::SubmitJob{spec, false});
  ASSERT_TRUE(std::holds_alternative<Error>(answer));
  EXPECT_NE(std::get<Error>(answer).message.find("the first 10 tasks can cost 200000"), std::string::npos);
}

TEST_F(Submit, NoMaximumPriceMeansTheMostThatTheQuoteSays) {
  const PartyId ada = requester("ada");
  const auto accepted = std::get<msg::Accepted>(command(ada, msg::SubmitJob{inline_job(100), false}));
  EXPECT_EQ(job(accepted.job).max_price, accepted.quote_most);
  EXPECT_EQ(events<JobAccepted>().at(0).spec.max_price, accepted.quote_most);
}

TEST_F(Submit, TheMostThatTheQuoteSaysIsAllowedAndSuffices) {
  const PartyId ada = requester("ada", 20 * kPrice);
  for (int i = 0; i < 2; ++i)
    join(owner("owner" + std::to_string(i)), "rig" + std::to_string(i));
  JobSpec spec = inline_job(10);
  spec.verify = {VerifyMode::kQuorum, 2};
  spec.max_price = 20 * kPrice;
  const JobId id = submit(ada, spec);
  work();
  EXPECT_EQ(job(id).state, msg::JobState::kSucceeded);
  EXPECT_EQ(job(id).spent, 20 * kPrice);
  EXPECT_TRUE(events<JobPaused>().empty());
}

TEST_F(Submit, AMissingInputIsNamed) {
  requester("ada");
  CommandReceived input{ConnectionId(5), key("ada"), {}, {Digest{{0xab}}}};
  input.command.body = msg::SubmitJob{inline_job(1), false};
  see(input);
  const auto error = std::get<Error>(effects<SendReply>().back().reply.body);
  EXPECT_NE(error.message.find("input sha256:ab00"), std::string::npos);
}

TEST_F(Submit, AnotherRequestersJobCannotBeWaitedFor) {
  const PartyId ada = requester("ada");
  const PartyId eve = requester("eve");
  const JobId first = submit(ada, inline_job(1));
  JobSpec spec = inline_job(1);
  spec.after = {first};
  EXPECT_TRUE(std::holds_alternative<Error>(command(eve, msg::SubmitJob{spec, false})));
}

TEST_F(Submit, OpenJobsOfARequesterAreBounded) {
  Policy policy;
  policy.open_jobs_per_requester = 2;
  found(policy);
  const PartyId ada = requester("ada");
  const PartyId eve = requester("eve");
  submit(ada, inline_job(1));
  submit(ada, inline_job(1));
  const Answer third = command(ada, msg::SubmitJob{inline_job(1), false});
  ASSERT_TRUE(std::holds_alternative<Error>(third));
  EXPECT_EQ(std::get<Error>(third).code, ErrorCode::kExhausted);
  submit(eve, inline_job(1));
}

TEST_F(Submit, StepsOpenInTheOrderOfTheirDependencies) {
  found(trusting());
  const PartyId ada = requester("ada");
  const AgentId rig = join(owner("otto"), "rig");
  JobSpec spec = inline_job(3);
  spec.steps.push_back(spec.steps[0]);
  spec.steps[1].depends_on = {0};
  const JobId id = submit(ada, spec);
  EXPECT_FALSE(job(id).steps[1].opened);
  EXPECT_NE(explained(id).find("depends on step 'only'"), std::string::npos);
  for (const Todo& todo : todo_of(rig))
    EXPECT_EQ(todo.assignment.step.step, 0U);
  work();
  EXPECT_EQ(events<StepOpened>().size(), 2U);
  EXPECT_EQ(events<JobEnded>().at(0).state, msg::JobState::kSucceeded);
}

}  // namespace
}  // namespace reeve::core
