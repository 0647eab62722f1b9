#include "tests/sim/world.h"

#include <algorithm>

#include "protocol/check.h"
#include "scheduler/core/generations.h"
#include "tests/scheduler/core/entry_balances.h"
#include "tests/sim/truth.h"

namespace reeve::sim {
namespace {

constexpr std::uint32_t kOwners = 9;
constexpr std::uint32_t kAgents = 22;
constexpr Duration kFaultPhase = seconds(240);
constexpr Duration kConvergence = hours(48);
constexpr std::uint64_t kMostActions = 2'000'000;

std::array<std::uint8_t, 32> secret_of(std::uint64_t seed) {
  Writer writer;
  writer(seed);
  return sha256(writer.bytes()).bytes;
}

TransportKey key_of(std::uint64_t n) {
  Writer writer;
  writer(n, std::uint64_t{77});
  return TransportKey{sha256(writer.bytes()).bytes};
}

constexpr std::uint64_t kRequesters = 2;
TransportKey requester_key(std::uint64_t n) {
  return key_of(100 + n);
}

}  // namespace

World::World(std::uint64_t seed) : seed_(seed), rng_(seed), now_{1'700'000'000'000'000'000} {
  faults_.lose = rng_.chance(0.3) ? 0.0 : 0.03;
  faults_.crash_region = rng_.chance(0.3) ? 0.0 : 0.003;
}

World::~World() = default;

Capability World::capability() const {
  return {4, 8192, 0, 0, {}, {{std::string(kProgramKernel), 1}, kernel()}, ""};
}

void World::fail(const std::string& what) {
  if (failure_.empty()) failure_ = what;
}

void World::after(Duration delay, std::function<void()> action) {
  agenda_.emplace(std::pair{now_ + delay, ++agenda_counter_}, std::move(action));
}

void World::to_region(const core::Input& input, bool reliable) {
  const bool faulty = failure_.empty() && !reliable;
  if (faulty && rng_.chance(faults_.lose)) return;
  const int copies = faulty && rng_.chance(faults_.repeat) ? 2 : 1;
  for (int i = 0; i < copies; ++i)
    after(milliseconds(rng_.between(0, faults_.delay_ms)), [this, input] { step(input); });
}

void World::step(const core::Input& input) {
  if (!failure_.empty()) return;
  ++steps_;
  core::StepOutput out;
  core_->step(now_ + skew_, input, out);
  const bool deep = std::any_of(out.events.begin(), out.events.end(), [](const core::Event& event) {
    return std::holds_alternative<core::OwnerConvicted>(event) ||
           std::holds_alternative<core::JobEnded>(event);
  });
  const bool says_nothing = out.events.empty() && out.effects.empty();
  const bool idle = says_nothing && !std::holds_alternative<core::AgentConnected>(input) &&
                    !std::holds_alternative<core::AgentGone>(input);
  if (!idle)
    if (const std::string broken = core_->broken_invariant(deep || steps_ % 64 == 0); !broken.empty())
      return fail("invariant: " + broken);
  for (core::Event& event : out.events) {
    if (std::holds_alternative<core::OwnerConvicted>(event)) ++convictions_;
    if (std::holds_alternative<core::ComparisonDecided>(event)) ++comparisons_;
    if (const auto* verified = std::get_if<core::TasksVerified>(&event))
      for (const TaskRange range : verified->tasks)
        for (TaskIndex task = range.first; task < range.end(); ++task)
          agreeing_[{verified->step, task}] = verified->agreeing;
    if (const auto* stored = std::get_if<core::ResultStored>(&event)) stored_.insert(stored->blob);
    uncommitted_.push_back(std::move(event));
  }
  for (core::Effect& effect : out.effects) {
    if (core::waits_for_commit(effect))
      held_back_.push_back(std::move(effect));
    else
      perform(effect);
  }
  if ((!uncommitted_.empty() || !held_back_.empty()) && !commit_planned_) {
    commit_planned_ = true;
    after(milliseconds(rng_.between(1, 5)), [this] { commit(); });
  }
  if (!pump_planned_ && !std::holds_alternative<core::Pump>(input)) {
    pump_planned_ = true;
    after(Duration{1}, [this] {
      pump_planned_ = false;
      step(core::Pump{});
    });
  }
}

void World::commit() {
  commit_planned_ = false;
  if (rng_.chance(faults_.crash_region)) return crash_and_recover();
  for (core::Event& event : uncommitted_) {
    note_blobs(event);
    committed_.push_back(std::move(event));
  }
  uncommitted_.clear();
  const std::vector<core::Effect> effects = std::move(held_back_);
  held_back_.clear();
  for (const core::Effect& effect : effects)
    perform(effect);
}

void World::perform(const core::Effect& effect) {
  AgentId to;
  std::visit(
      [&to](const auto& e) {
        if constexpr (requires { AgentId(e.to); }) to = e.to;
      },
      effect);
  if (const auto* reply = std::get_if<core::SendReply>(&effect)) {
    if (rng_.chance(faults_.lose)) return;
    if (const auto* accepted = std::get_if<msg::Accepted>(&reply->reply.body)) {
      const std::uint64_t counter = reply->reply.request[15];
      if (answered_.insert(counter).second) jobs_.push_back(accepted->job);
    } else if (const auto* error = std::get_if<Error>(&reply->reply.body)) {
      fail("refused: " + error->message);
    }
  }
  if (const auto* sent = std::get_if<core::SendAssign>(&effect)) check_inputs(sent->assign);
  if (!to.valid() || rng_.chance(faults_.lose)) return;
  const int copies = rng_.chance(faults_.repeat) ? 2 : 1;
  for (int i = 0; i < copies; ++i)
    after(milliseconds(rng_.between(0, faults_.delay_ms)), [this, to, effect] {
      for (const auto& agent : agents_)
        if (agent->id() == to) agent->receive(effect);
    });
}

/// Only what two owners agreed on and the region holds crosses a generation, and only what is right.
void World::check_inputs(const msg::Assign& assign) {
  for (const msg::Assignment& given : assign.assignments) {
    const StepSpec& spec = core_->durable().find_step(given.step)->spec;
    if (!spec.iterates()) continue;
    const std::vector<Digest> truth = true_run(given.step, spec.iteration);
    const std::vector<TaskIndex> inputs = core::inputs_of(spec.iteration, given.tasks.first);
    if (inputs.size() != given.inputs.size()) return fail("a task gets every result that it goes on from");
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (given.inputs[i] != truth[inputs[i]]) return fail("a task goes on from a wrong result");
      if (agreeing_[{given.step, inputs[i]}] < 2) return fail("a task goes on from what one owner said");
    }
  }
}

/// A blob goes once it is committed that nothing goes on from it.
void World::note_blobs(const core::Event& event) {
  if (const auto* stored = std::get_if<core::ResultStored>(&event))
    blobs_[{stored->step, stored->task}] = stored->blob;
  if (const auto* spent = std::get_if<core::ResultsSpent>(&event)) {
    ++generations_;
    for (const TaskRange range : spent->dropped)
      for (TaskIndex task = range.first; task < range.end(); ++task)
        stored_.erase(blobs_.at({spent->step, task}));
  }
}

void World::fetched(AgentId agent, const Digest& blob) {
  if (core_->needs_input(agent, blob).value_or(false) && !stored_.contains(blob))
    fail("a blob was dropped that a task goes on from");
}

core::Durable World::replay() const {
  core::Durable state;
  for (const core::Event& event : committed_) {
    const Bytes bytes = core::encode_event(event);
    Reader reader(bytes);
    core::Event decoded;
    REEVE_CHECK(core::decode_event(reader, decoded) && reader.at_end(), "a journaled event decodes");
    core::apply_event(state, decoded);
  }
  return state;
}

void World::crash_and_recover() {
  ++crashes_;
  core::Durable recovered = replay();
  const bool nothing_lost = uncommitted_.empty();
  const Bytes before = core::encode_state(core_->durable());
  uncommitted_.clear();
  held_back_.clear();
  Bytes snapshot = core::encode_state(recovered);
  if (nothing_lost && snapshot != before) return fail("replay gives the same state as the one that ran");
  core::Durable decoded;
  if (!core::decode_state(snapshot, decoded) || core::encode_state(decoded) != snapshot)
    return fail("a snapshot decodes to the state that it was taken of");
  core_ = std::make_unique<core::Core>(std::move(decoded), secret_of(seed_));
  core::StepOutput out;
  core_->boot(now_ + skew_, out);
  for (core::Event& event : out.events)
    committed_.push_back(std::move(event));
  for (const auto& agent : agents_)
    if (agent->connected()) agent->disconnect(milliseconds(rng_.between(1, 3000)), false);
}

void World::found_region() {
  core::Durable state;
  core::RegionCreated created{"sim", {}, {}, key_of(1), now_};
  created.policy.probation_tasks = 5;
  created.policy.vest_tasks = 120;
  created.policy.floor_ppm = 100'000;
  committed_.push_back(created);
  core::TransferId next_transfer = 1;
  for (std::uint64_t n = 0; n < kRequesters + kOwners; ++n) {
    const Role role = n < kRequesters ? Role::kRequester : Role::kOwner;
    const std::string token = "tok" + std::to_string(n);
    committed_.push_back(core::TokenIssued{token, {}, role, PartyId(1), 1, now_ + hours(1), 0, {}, {}});
    core::PartyEnrolled enrolled{PartyId(2 + n), role, {},  requester_key(n), 1, "party" + std::to_string(n),
                                 token,          {},   now_};
    const core::AccountKind kind =
        role == Role::kRequester ? core::AccountKind::kAvailable : core::AccountKind::kStake;
    enrolled.chain.push_back(core::PostedTransfer{{next_transfer++,
                                                   {core::AccountKind::kMint, 0},
                                                   {kind, 2 + n},
                                                   1'000'000'000,
                                                   core::TransferCode::kFund}});
    committed_.push_back(enrolled);
  }
}

void World::enrol_agents() {
  constexpr Behaviour kKinds[] = {Behaviour::kLiar, Behaviour::kOnOffLiar, Behaviour::kStaller,
                                  Behaviour::kWithholder, Behaviour::kFailing};
  for (std::uint64_t n = 0; n < kAgents; ++n) {
    const bool referee = n < 2;
    const PartyId owner = referee ? PartyId(1) : PartyId(2 + kRequesters + n % kOwners);
    const std::string token = "agent" + std::to_string(n);
    const Role role = referee ? Role::kReferee : Role::kAgent;
    committed_.push_back(core::TokenIssued{token, {}, role, owner, 1, now_ + hours(1), 0, {}, {}});
    committed_.push_back(core::AgentEnrolled{
        AgentId(n + 1), owner, role, {}, key_of(1000 + n), 1, "rig" + std::to_string(n), token, now_});
    // Owners are of one mind: four of nine are bad in this seed, at most.
    const std::uint64_t owner_number = n % kOwners;
    const Behaviour behaviour = referee || owner_number >= 4
                                    ? Behaviour::kHonest
                                    : kKinds[(seed_ + owner_number) % std::size(kKinds)];
    agents_.push_back(std::make_unique<SimAgent>(
        *this, AgentId(n + 1), role, static_cast<std::uint32_t>(rng_.between(1, 4)), behaviour, rng_.next()));
  }
}

void World::submit_jobs() {
  const auto step_of = [this](const std::string& name, std::uint32_t tasks, bool rooted) {
    StepSpec step;
    step.name = name;
    step.task_count = tasks;
    step.need.kernel = kernel();
    step.need.cpus = 1;
    step.leaf_bytes = rooted ? kLeafBytes : 0;
    step.work_per_task = 1000;
    step.max_result_bytes = rooted ? kLeaves * kLeafBytes : kInlineBytes;
    step.time_limit = seconds(30);
    tasks_ += tasks;
    return step;
  };
  const VerifyPolicy policies[] = {
      {VerifyMode::kAdaptive, 2}, {VerifyMode::kQuorum, 2}, {VerifyMode::kQuorum, 3}};
  std::uint64_t counter = 0;
  while (tasks_ < 2000 || counter < 12) {
    msg::SubmitJob submit;
    submit.spec.name = "job" + std::to_string(counter);
    submit.spec.verify = policies[rng_.below(std::size(policies))];
    submit.spec.priority = static_cast<std::int32_t>(rng_.between(-5, 5));
    submit.spec.max_retries = 20;
    // On every third seed one job of four is a program whose honest results differ and are alike.
    const bool compares = seed_ % 3 == 0 && counter % 4 == 0;
    const bool rooted = !compares && rng_.chance(0.3);
    const auto most = rooted || compares ? 60 : rng_.chance(0.3) ? 1 : 700;
    submit.spec.steps.push_back(step_of("first", static_cast<std::uint32_t>(rng_.between(1, most)), rooted));
    if (rng_.chance(0.3)) {
      submit.spec.steps.push_back(step_of("second", static_cast<std::uint32_t>(rng_.between(1, 40)), false));
      submit.spec.steps.back().depends_on = {0};
    }
    if (compares) {
      StepSpec& step = submit.spec.steps.front();
      step.need.kernel = {std::string(kProgramKernel), 1};
      step.compare = "pixels";
      step.max_result_bytes = kLeaves * kLeafBytes;
      submit.spec.verify = {VerifyMode::kQuorum, 2};
    }
    // On every second seed two jobs of five go on from their own results.
    if (seed_ % 2 == 0 && counter % 5 < 2) {
      StepSpec& step = submit.spec.steps.front();
      step = step_of("train", 0, true);
      step.iteration = {
          static_cast<std::uint32_t>(rng_.between(2, 8)), static_cast<std::uint32_t>(rng_.between(1, 6)),
          static_cast<std::uint32_t>(rng_.between(0, 2)), static_cast<std::uint32_t>(rng_.between(0, 3))};
      step.task_count = static_cast<std::uint32_t>(step.iteration.task_count());
      tasks_ += step.task_count;
    }
    core::CommandReceived command{core::ConnectionId(500), requester_key(counter % kRequesters), {}, {}};
    command.command.request[7] = 9;
    command.command.request[15] = static_cast<std::uint8_t>(++counter);
    command.command.body = submit;
    submissions_.push_back(command);
    after(milliseconds(rng_.between(0, 20'000)), [this, command] { step(command); });
  }
}

void World::acknowledged(AgentId agent, const msg::ReportSection& section) {
  acked_[{section.attempt, section.tasks}] = agent;
}

void World::bad_luck() {
  if (!failure_.empty()) return;
  for (const auto& agent : agents_) {
    if (!agent->connected() || !rng_.chance(faults_.cut_agent)) continue;
    if (agent->behaviour() != Behaviour::kHonest && rng_.chance(0.05)) {
      agent->leave_for_good();
      continue;
    }
    agent->disconnect(milliseconds(rng_.between(10, 40'000)), rng_.chance(0.5));
  }
  if (faults_.jump_clock && rng_.chance(0.005)) skew_ = seconds(rng_.between(-3600, 3600));
  for (const core::CommandReceived& command : submissions_)
    if (!answered_.contains(command.command.request[15]) && rng_.chance(0.2)) step(command);
  after(seconds(1), [this] { bad_luck(); });
}

/// An iterating step of which every confirmation was taken back begins anew when its requester says so.
void World::retry_what_began_anew() {
  std::vector<std::pair<JobId, PartyId>> failed;
  for (const auto& [id, job] : core_->durable().jobs)
    if (job.state == msg::JobState::kFailed && job.steps.front().spec.iterates())
      failed.emplace_back(id, job.requester);
  for (const auto& [id, requester] : failed) {
    core::CommandReceived command{core::ConnectionId(500), requester_key(requester.value() - 2), {}, {}};
    command.command.request[7] = 10;
    command.command.request[15] = ++retries_;
    command.command.body = msg::JobCommand{id, msg::JobVerb::kRetryFailed, 0, ""};
    step(command);
  }
}

void World::tick() {
  step(core::Tick{});
  retry_what_began_anew();
  after(milliseconds(500), [this] { tick(); });
}

std::string World::run() {
  found_region();
  enrol_agents();
  core_ = std::make_unique<core::Core>(replay(), secret_of(seed_));
  core::StepOutput out;
  core_->boot(now_, out);
  for (core::Event& event : out.events)
    committed_.push_back(std::move(event));
  for (const auto& agent : agents_)
    after(milliseconds(rng_.between(0, 5000)), [&agent] { agent->connect(); });
  submit_jobs();
  tick();
  bad_luck();

  const Time calm = now_ + kFaultPhase;
  const Time end = now_ + kConvergence;
  bool is_calm = false;
  for (std::uint64_t action = 0; action < kMostActions && failure_.empty() && now_ < end; ++action) {
    const auto next = agenda_.begin();
    now_ = next->first.first;
    const auto act = std::move(next->second);
    agenda_.erase(next);
    act();
    if (!is_calm && now_ > calm) {  // a healthy part is left, and must converge
      is_calm = true;
      faults_ = {0, 0, 5, 0, 0, false};
    }
    if (is_calm && verdict().empty()) break;
  }
  if (failure_.empty()) fail(verdict() + why_open());
  if (failure_.empty()) fail(check_accepted());
  if (failure_.empty()) fail(check_acknowledged());
  if (failure_.empty())
    fail(core::account_unlike_entries(core::entries_of(committed_), core_->durable().ledger));
  if (failure_.empty()) return "";
  return "seed=" + std::to_string(seed_) + " step=" + std::to_string(steps_) + ": " + failure_;
}

std::string World::verdict() const {
  if (answered_.size() != submissions_.size()) return "every submission is answered";
  for (const auto& [id, job] : core_->durable().jobs)
    if (job.live() || (job.state == msg::JobState::kFailed && job.steps.front().spec.iterates()))
      return "every job ends: job " + std::to_string(id.value()) + " is still open";
  if (!uncommitted_.empty() || !held_back_.empty()) return "everything is committed";
  return "";
}

/// Why jobs that have not ended do not go on, in the region's words.
std::string World::why_open() const {
  std::string why;
  for (const auto& [id, job] : core_->durable().jobs) {
    if (job.state == msg::JobState::kFailed) why += why_failed(id);
    if (!job.live()) continue;
    for (const core::Explanation& line : core_->explain(id))
      why += "; job " + std::to_string(id.value()) + ": " + line.reason;
  }
  return why.substr(0, 2000);
}

/// Why tasks of a job failed, in the region's words.
std::string World::why_failed(JobId job) const {
  std::string why;
  for (const core::Event& event : committed_)
    if (const auto* e = std::get_if<core::TasksFailed>(&event); e != nullptr && e->step.job == job)
      why += "; task " + std::to_string(e->tasks.first) + ": " + e->why;
  return why.substr(0, 500);
}

std::string World::check_accepted() const {
  std::map<std::tuple<AttemptId, TaskIndex>, Digest> reported;
  std::map<std::pair<StepRef, TaskIndex>, std::set<AttemptId>> asked;
  std::map<std::pair<StepRef, TaskIndex>, Digest> accepted;
  std::map<JobId, JobSpec> specs;
  for (const core::Event& event : committed_) {
    if (const auto* job = std::get_if<core::JobAccepted>(&event)) specs[job->job] = job->spec;
    if (const auto* e = std::get_if<core::ResultsRecorded>(&event)) {
      for (std::uint32_t i = 0; i < e->tasks.count; ++i) {
        Digest root;
        if (e->roots.empty())
          std::copy_n(e->payload.begin() + i * kInlineBytes, kInlineBytes, root.bytes.begin());
        else
          root = e->roots[i];
        reported[{e->attempt, e->tasks.first + i}] = root;
        asked[{e->step, e->tasks.first + i}].insert(e->attempt);
      }
    }
    if (const auto* e = std::get_if<core::Settled>(&event))
      for (const TaskRange range : e->tasks)
        for (TaskIndex task = range.first; task < range.end(); ++task) {
          const Digest& root = accepted[{e->step, task}] = reported.at({e->attempt, task});
          const bool compared = !specs.at(e->step.job).steps[e->step.step].compare.empty();
          if (compared && !is_honest_look(e->step, task, root))
            return "a result was paid that is unlike the honest ones: job " +
                   std::to_string(e->step.job.value()) + " task " + std::to_string(task);
        }
  }
  std::map<StepRef, std::vector<Digest>> runs;
  for (const auto& [key, root] : accepted) {
    const StepSpec& spec = specs.at(key.first.job).steps[key.first.step];
    if (!spec.compare.empty()) continue;  // each that was paid was looked at
    if (spec.iterates()) {
      std::vector<Digest>& run = runs[key.first];
      if (run.empty()) run = true_run(key.first, spec.iteration);
      if (root != run[key.second])
        return "an iterating step gives what one run of it gives: job " +
               std::to_string(key.first.job.value()) + " task " + std::to_string(key.second);
      continue;
    }
    if (asked.at(key).size() > 1 && root != true_root(key.first, key.second, is_rooted(spec)))
      return "a wrong root was accepted although two owners were asked: job " +
             std::to_string(key.first.job.value()) + " task " + std::to_string(key.second);
  }
  for (const auto& [id, spec] : specs)
    for (StepIndex step = 0; step < spec.steps.size(); ++step)
      for (TaskIndex task = 0; task < spec.steps[step].task_count; ++task)
        if (!accepted.contains({{id, step}, task}))
          return "every task was accepted: job " + std::to_string(id.value()) + " task " +
                 std::to_string(task) + " was not" + why_failed(id);
  return "";
}

std::string World::check_acknowledged() const {
  std::map<AttemptId, core::IntervalSet> recorded;
  for (const core::Event& event : committed_) {
    if (const auto* e = std::get_if<core::ResultsRecorded>(&event)) recorded[e->attempt].insert(e->tasks);
    if (const auto* e = std::get_if<core::AttemptFailed>(&event)) recorded[e->attempt].insert(e->tasks);
  }
  for (const auto& [section, agent] : acked_)
    if (!recorded[section.attempt].contains(section.tasks)) return "an acknowledged result is in the journal";
  return "";
}

}  // namespace reeve::sim
