// What the core alone costs: steps from an assignment to its settlement, no sockets and no disk. Items are
// tasks.

#include <benchmark/benchmark.h>

#include <deque>

#include "protocol/digest.h"
#include "scheduler/core/core.h"

namespace reeve::core {
namespace {

constexpr std::array<std::uint8_t, 32> kSecret{1, 2, 3};
constexpr std::uint32_t kArrayTasks = 100'000'000;  // more than any run takes
constexpr std::uint32_t kSectionTasks = 512;
constexpr std::uint32_t kAgents = 4;
constexpr std::uint64_t kCredit = 8192;
const PartyId kRequester(2);

TransportKey key_of(std::uint8_t number) {
  TransportKey key;
  key.bytes[0] = number;
  return key;
}

/// A region with one rich requester and agents of two owners past their probation, driven by hand.
class Bench {
 public:
  Bench() {
    Durable durable;
    Policy policy;
    policy.probation_tasks = 0;
    apply_event(durable, RegionCreated{"bench", policy, {}, key_of(1), now_});
    enrol(durable, kRequester, Role::kRequester, key_of(2), {AccountKind::kAvailable, kRequester.value()});
    for (std::uint8_t owner = 0; owner < 2; ++owner) {
      const PartyId party(3U + owner);
      enrol(durable, party, Role::kOwner, key_of(3 + owner), {AccountKind::kStake, party.value()});
    }
    for (std::uint32_t i = 1; i <= kAgents; ++i) {
      apply_event(durable, AgentEnrolled{AgentId(i),
                                         PartyId(3 + i % 2),
                                         Role::kAgent,
                                         {},
                                         key_of(static_cast<std::uint8_t>(10 + i)),
                                         1,
                                         "agent",
                                         "tttttt",
                                         now_});
    }
    core_ = std::make_unique<Core>(std::move(durable), kSecret);
    core_->boot(now_, out_);
    take();
    for (std::uint32_t i = 1; i <= kAgents; ++i)
      connect(AgentId(i));
  }

  void submit(std::uint32_t tasks, VerifyPolicy verify) {
    JobSpec job;
    job.name = "hashes";
    job.verify = verify;
    StepSpec step;
    step.name = "hash";
    step.task_count = tasks;
    step.need.kernel = {"sha256", 1};
    step.max_result_bytes = 32;
    step.time_limit = seconds(60);
    step.script = Bytes(100, 't');
    job.steps = {step};
    msg::Command command{{}, msg::SubmitJob{std::move(job), false}};
    ++commands_;
    for (unsigned i = 0; i < 8; ++i)
      command.request[15 - i] = static_cast<std::uint8_t>(commands_ >> (8 * i));
    step_in(CommandReceived{ConnectionId(1), key_of(2), std::move(command), {}});
  }
  void pump() { step_in(Pump{}); }

  /// Runs one assignment and reports it; the number of its tasks, 0 if none is out.
  std::uint32_t run_one() {
    if (work_.empty()) return 0;
    const auto [agent, assignment] = std::move(work_.front());
    work_.pop_front();
    std::uint32_t done = 0;
    for (TaskRange left = assignment.tasks; left.count > 0;) {
      const TaskRange now{left.first, std::min(left.count, kSectionTasks)};
      step_in(report(agent, assignment, now));
      left = {now.end(), left.count - now.count};
      done += now.count;
    }
    received_[agent.value()] += assignment.tasks.count;
    step_in(CreditGranted{agent, received_[agent.value()] + kCredit});
    return done;
  }

 private:
  void enrol(Durable& durable, PartyId party, Role role, TransportKey key, AccountKey account) const {
    Chain chain{PostedTransfer{{durable.ledger.next_id(),
                                {AccountKind::kMint, 0},
                                account,
                                1'000'000'000'000'000,
                                TransferCode::kFund}}};
    apply_event(durable, PartyEnrolled{party, role, {}, key, 1, "party", "tttttt", std::move(chain), now_});
  }

  void connect(AgentId agent) {
    msg::AgentHello hello;
    hello.capability.cpus = 1;
    hello.capability.kernels = {{"sha256", 1}};
    step_in(AgentConnected{ConnectionId(10 + agent.value()), agent, std::move(hello)});
    step_in(CreditGranted{agent, kCredit});
  }

  static ReportReceived report(AgentId agent, const msg::Assignment& assignment, TaskRange tasks) {
    msg::InlineResults results{std::vector<std::uint32_t>(tasks.count, 32),
                               Bytes(std::size_t{32} * tasks.count, 7)};
    VerifiedSection section{
        {assignment.attempt, assignment.step, tasks, {"sha256", 1}, assignment.ticket, std::move(results)},
        std::vector<Digest>(tasks.count),
        {}};
    return {agent, {std::move(section)}, {}, {}};
  }

  void step_in(const Input& input) {
    now_ = now_ + microseconds(20);
    core_->step(now_, input, out_);
    take();
  }
  void take() {
    for (Effect& effect : out_.effects) {
      const auto* assign = std::get_if<SendAssign>(&effect);
      if (assign == nullptr) continue;
      for (const msg::Assignment& assignment : assign->assign.assignments)
        work_.emplace_back(assign->to, assignment);
    }
    out_.clear();
  }

  Time now_{1'700'000'000'000'000'000};
  std::unique_ptr<Core> core_;
  StepOutput out_;
  std::deque<std::pair<AgentId, msg::Assignment>> work_;
  std::map<std::uint64_t, std::uint64_t> received_;
  std::uint64_t commands_ = 0;
};

void run_array(benchmark::State& state, VerifyPolicy verify) {
  Bench bench;
  bench.submit(kArrayTasks, verify);
  bench.pump();
  std::int64_t tasks = 0;
  for (auto _ : state) {
    const std::uint32_t ran = bench.run_one();
    if (ran == 0) state.SkipWithError("no work is out");
    tasks += ran;
    bench.pump();
  }
  state.SetItemsProcessed(tasks);
}

void core_array_adaptive(benchmark::State& state) {
  run_array(state, {});
}
BENCHMARK(core_array_adaptive);

/// Items are attempts here: two a task.
void core_array_by_two(benchmark::State& state) {
  run_array(state, {VerifyMode::kQuorum, 2});
}
BENCHMARK(core_array_by_two);

/// Submitted together, as clients send them: shape (jobs together).
void core_single_jobs(benchmark::State& state) {
  Bench bench;
  const auto together = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    for (std::uint32_t i = 0; i < together; ++i)
      bench.submit(1, {VerifyMode::kNone, 2});
    bench.pump();
    while (bench.run_one() > 0) {
    }
  }
  state.SetItemsProcessed(state.iterations() * together);
}
BENCHMARK(core_single_jobs)->Arg(1)->Arg(256);

}  // namespace
}  // namespace reeve::core
