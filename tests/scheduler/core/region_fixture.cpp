#include "tests/scheduler/core/region_fixture.h"

#include <algorithm>
#include <array>

#include "protocol/digest.h"
#include "protocol/leaves.h"
#include "protocol/limits.h"
#include "protocol/merkle.h"
#include "scheduler/core/groups.h"

namespace reeve::core {
namespace {

constexpr std::array<std::uint8_t, 32> kSecret{7, 7, 7};
constexpr std::uint32_t kInlineBytes = 32;
constexpr std::uint32_t kLeafBytes = 2048;
constexpr std::uint32_t kLeaves = 4;
constexpr int kMostActions = 100'000;

KernelVersion kernel() {
  return {"test", 1};
}

template <class... Word>
Digest digest_of(const Word&... words) {
  Writer writer;
  writer(words...);
  return sha256(writer.bytes());
}

bool is_stored(const StepSpec& spec) {
  return spec.max_result_bytes > limits::kInlineResultBytes || stays_with_agent(spec);
}

StepSpec step_of(const std::string& name, std::uint32_t tasks) {
  StepSpec step;
  step.name = name;
  step.task_count = tasks;
  step.need.kernel = kernel();
  step.work_per_task = 99'900;  // with the base price: kPrice
  step.max_result_bytes = kInlineBytes;
  step.time_limit = seconds(60);
  return step;
}

}  // namespace

void RegionFixture::found(const Policy& policy) {
  now_ = Time{1'700'000'000'000'000'000};
  tokens_ = session_ = counter_ = 0;
  habits_.clear();
  bit_classes_.clear();
  todo_.clear();
  leaves_.clear();
  comparisons_.clear();
  verdict_.reset();
  openings_.clear();
  uploads_.clear();
  effects_.clear();
  journal_ = {RegionCreated{"test", policy, {}, key("operator"), now_}};
  party_keys_ = {{operator_, key("operator")}};
  Durable durable;
  apply_event(durable, journal_.front());
  core_ = std::make_unique<Core>(std::move(durable), kSecret);
  StepOutput out;
  core_->boot(now_, out);
  take(out);
}

Policy RegionFixture::trusting() {
  Policy policy;
  policy.probation_tasks = 0;
  policy.floor_ppm = 0;
  return policy;
}

void RegionFixture::restart() {
  Durable durable;
  for (const Event& event : journal_) {
    const Bytes bytes = encode_event(event);
    Reader reader(bytes);
    Event decoded;
    ASSERT_TRUE(decode_event(reader, decoded) && reader.at_end()) << event_name(event);
    apply_event(durable, decoded);
  }
  ASSERT_EQ(encode_state(durable), encode_state(state())) << "a replay gives the state that ran";
  todo_.clear();
  leaves_.clear();
  comparisons_.clear();
  openings_.clear();
  uploads_.clear();
  core_ = std::make_unique<Core>(std::move(durable), kSecret);
  StepOutput out;
  core_->boot(now_, out);
  take(out);
}

TransportKey RegionFixture::key(const std::string& name) {
  return TransportKey{digest_of(name).bytes};
}

msg::CreateToken RegionFixture::invitation(Role role, const std::string& token) const {
  msg::CreateToken body;
  body.role = role;
  body.token_id = token;
  body.secret_digest = digest_of(std::string("right"));
  body.expires = now_ + hours(1);
  return body;
}

RegionFixture::Answer RegionFixture::enrol(const std::string& token, const std::string& name,
                                           const std::string& secret, bool binding_ok) {
  EnrolReceived input{ConnectionId(9), key(name), {}, digest_of(secret), binding_ok};
  input.enrol.token = token + "." + secret;
  input.enrol.name = name;
  see(input);
  return effects<SendReply>().back().reply.body;
}

PartyId RegionFixture::requester(const std::string& name, MicroCredits credits) {
  msg::CreateToken token = invitation(Role::kRequester, "req" + std::to_string(100 + ++tokens_));
  token.credits = credits;
  EXPECT_TRUE(std::holds_alternative<msg::Done>(command(operator_, token)));
  const PartyId party = std::get<msg::Enrolled>(enrol(token.token_id, name)).party;
  party_keys_[party] = key(name);
  return party;
}

PartyId RegionFixture::owner(const std::string& name, MicroCredits stake) {
  msg::CreateToken token = invitation(Role::kOwner, "own" + std::to_string(100 + ++tokens_));
  token.credits = stake;
  EXPECT_TRUE(std::holds_alternative<msg::Done>(command(operator_, token)));
  const PartyId party = std::get<msg::Enrolled>(enrol(token.token_id, name)).party;
  party_keys_[party] = key(name);
  return party;
}

AgentId RegionFixture::enrol_agent(PartyId owner, const std::string& name, Role role) {
  const msg::CreateToken token = invitation(role, "rig" + std::to_string(100 + ++tokens_));
  EXPECT_TRUE(std::holds_alternative<msg::Done>(command(owner, token)));
  return std::get<msg::Enrolled>(enrol(token.token_id, name)).agent;
}

void RegionFixture::connect(AgentId agent, std::uint32_t slots, std::uint64_t credit,
                            const std::vector<msg::HeldAttempt>& held, bool compares) {
  AgentConnected input{ConnectionId(100 + agent.value()), agent, {}};
  input.hello.name = "rig";
  input.hello.slots = slots;
  input.hello.capability = {
      4, 8192, 0, 0, tags_[agent], {{std::string(kProgramKernel), 1}, kernel()}, bit_classes_[agent]};
  if (compares) input.hello.capability.kernels = {{std::string(kCompareKernel), 1}, kernel()};
  input.hello.held = held;
  see(input);
  see(CreditGranted{agent, credit});
}

AgentId RegionFixture::join(PartyId owner, const std::string& name, std::uint32_t slots) {
  const AgentId agent = enrol_agent(owner, name);
  connect(agent, slots);
  return agent;
}

AgentId RegionFixture::referee() {
  const AgentId agent = enrol_agent(operator_, "referee" + std::to_string(tokens_), Role::kReferee);
  connect(agent);
  return agent;
}

AgentId RegionFixture::comparer() {
  const AgentId agent = enrol_agent(operator_, "referee" + std::to_string(tokens_), Role::kReferee);
  connect(agent, 1, 10'000, {}, true);
  return agent;
}

RegionFixture::Answer RegionFixture::repeat(PartyId from, const decltype(msg::Command::body)& body,
                                            std::uint8_t counter) {
  CommandReceived input{ConnectionId(from.value()), party_keys_.at(from), {}, {}};
  input.command.request[7] = 1;
  input.command.request[14] = static_cast<std::uint8_t>(session_);
  input.command.request[15] = counter;
  input.command.body = body;
  see(input);
  for (auto effect = effects_.rbegin(); effect != effects_.rend(); ++effect)
    if (const auto* sent = std::get_if<SendReply>(&*effect))
      if (sent->reply.request == input.command.request) return sent->reply.body;
  ADD_FAILURE() << "a command was not answered";
  return Error{};
}

RegionFixture::Answer RegionFixture::command(PartyId from, const decltype(msg::Command::body)& body) {
  if (++counter_ == 0) ++session_;
  return repeat(from, body, counter_);
}

RegionFixture::Answer RegionFixture::job_command(PartyId from, JobId job, msg::JobVerb verb,
                                                 std::int32_t priority) {
  return command(from, msg::JobCommand{job, verb, priority, "as asked"});
}

JobId RegionFixture::submit(PartyId requester, const JobSpec& spec) {
  const Answer answer = command(requester, msg::SubmitJob{spec, false});
  if (const auto* error = std::get_if<Error>(&answer)) ADD_FAILURE() << error->message;
  const auto* accepted = std::get_if<msg::Accepted>(&answer);
  return accepted == nullptr ? JobId() : accepted->job;
}

JobSpec RegionFixture::inline_job(std::uint32_t tasks) {
  JobSpec spec;
  spec.name = "job";
  spec.steps = {step_of("only", tasks)};
  return spec;
}

JobSpec RegionFixture::program_job(std::uint32_t tasks) {
  JobSpec spec = inline_job(tasks);
  spec.steps[0].need.kernel = {std::string(kProgramKernel), 1};
  spec.verify = {VerifyMode::kQuorum, 2};
  return spec;
}

JobSpec RegionFixture::compared_job(std::uint32_t tasks) {
  JobSpec spec = program_job(tasks);
  spec.steps[0].compare = "pixels";
  return spec;
}

JobSpec RegionFixture::stored_job(std::uint32_t tasks) {
  JobSpec spec = inline_job(tasks);
  spec.steps[0].leaf_bytes = kLeafBytes;
  spec.steps[0].max_result_bytes = kLeafBytes * kLeaves;
  return spec;
}

JobSpec RegionFixture::iterating_job(const Iteration& iteration) {
  JobSpec spec = stored_job(static_cast<std::uint32_t>(iteration.task_count()));
  spec.steps[0].iteration = iteration;
  return spec;
}

Digest RegionFixture::blob_of(const Digest& root) {
  return digest_of(root);
}

void RegionFixture::step(const Input& input) {
  StepOutput out;
  core_->step(now_, input, out);
  take(out);
}

void RegionFixture::take(const StepOutput& out) {
  journal_.insert(journal_.end(), out.events.begin(), out.events.end());
  for (const Effect& effect : out.effects)
    perform(effect);
  ASSERT_EQ(core_->broken_invariant(), "");
}

void RegionFixture::see(const Input& input) {
  step(input);
  step(Pump{});
}

void RegionFixture::perform(const Effect& effect) {
  effects_.push_back(effect);
  if (const auto* sent = std::get_if<SendAssign>(&effect)) {
    for (const msg::Assignment& assignment : sent->assign.assignments)
      todo_.push_back({sent->to, assignment});
    for (const msg::LeafAssignment& leaf : sent->assign.leaves)
      leaves_.emplace_back(sent->to, leaf);
    for (const msg::ComparisonAssignment& comparison : sent->assign.comparisons)
      comparisons_.emplace_back(sent->to, comparison);
  }
  if (const auto* cancel = std::get_if<SendCancel>(&effect))
    for (const auto& item : cancel->cancel.items) {
      std::erase_if(todo_, [&item](const Todo& todo) { return todo.assignment.attempt == item.attempt; });
      std::erase_if(comparisons_,
                    [&item](const auto& asked) { return asked.second.attempt == item.attempt; });
    }
  if (const auto* opening = std::get_if<AskOpening>(&effect)) openings_.push_back(*opening);
  if (const auto* upload = std::get_if<AskUpload>(&effect))
    (upload->request.checkpoint ? checkpoints_ : uploads_).push_back(*upload);
}

bool RegionFixture::connected(AgentId agent) const {
  const auto agents = core_->agents();
  return std::any_of(agents.begin(), agents.end(),
                     [agent](const AgentView& view) { return view.agent == agent && view.online; });
}

void RegionFixture::pass(Duration time) {
  now_ = now_ + time;
  for (const AgentView& view : core_->agents()) {
    if (!view.online) continue;
    std::vector<AttemptId> held;
    for (const Todo& todo : todo_of(view.agent))
      held.push_back(todo.assignment.attempt);
    for (const auto& [agent, asked] : comparisons_)
      if (agent == view.agent) held.push_back(asked.attempt);
    beat(view.agent, held);
  }
  see(Tick{});
}

void RegionFixture::silence(Duration time) {
  now_ = now_ + time;
  see(Tick{});
}

void RegionFixture::beat(AgentId agent, const std::vector<AttemptId>& held) {
  see(HeartbeatReceived{agent, {held, false}});
}

std::vector<Todo> RegionFixture::todo_of(AgentId agent) const {
  std::vector<Todo> found;
  std::copy_if(todo_.begin(), todo_.end(), std::back_inserter(found),
               [agent](const Todo& todo) { return todo.agent == agent; });
  return found;
}

std::uint64_t RegionFixture::tasks_held(AgentId agent) const {
  std::uint64_t tasks = 0;
  for (const Todo& todo : todo_of(agent))
    tasks += todo.assignment.tasks.count;
  return tasks;
}

std::vector<Digest> RegionFixture::leaves_of(StepRef step, TaskIndex task, const Habits& habits) const {
  const StepSpec& spec = state().find_step(step)->spec;
  const std::uint64_t count = leaf_count(spec.max_result_bytes, spec.leaf_bytes);
  std::vector<Digest> leaves;
  for (std::uint64_t leaf = 0; leaf < count; ++leaf)
    leaves.push_back(habits.look == 0
                         ? digest_of(step, task, leaf, leaf == habits.wrong_leaf ? habits.lie : 0)
                         : digest_of(step, task, leaf, habits.lie, habits.look));
  return leaves;
}

ReportReceived RegionFixture::report_of(const Todo& todo) const {
  const msg::Assignment& given = todo.assignment;
  const auto found = habits_.find(todo.agent);
  const Habits habits = found == habits_.end() ? Habits{} : found->second;
  VerifiedSection section{{given.attempt,
                           given.step,
                           given.tasks,
                           state().find_step(given.step)->spec.need.kernel,
                           given.ticket,
                           {}},
                          {},
                          {}};
  if (habits.fails) {
    section.section.outcome = msg::FailedTasks{msg::FailureReason::kCrashed, "it crashed"};
    return {todo.agent, {section}, {}, {}, {}};
  }
  const Job* job = state().find_job(given.step.job);
  if (job == nullptr) return {todo.agent, {section}, {}, {}, {}};
  const StepSpec& spec = job->steps[given.step.step].spec;
  for (TaskIndex task = given.tasks.first; task < given.tasks.end(); ++task)
    section.roots.push_back(merkle_root(leaves_of(given.step, task, habits)));
  if (is_stored(spec)) {
    section.section.outcome = msg::RootedResults{
        section.roots, std::vector<std::uint64_t>(given.tasks.count, spec.max_result_bytes)};
  } else {
    msg::InlineResults results{std::vector<std::uint32_t>(given.tasks.count, kInlineBytes), {}};
    for (const Digest& root : section.roots)
      results.payload.insert(results.payload.end(), root.bytes.begin(), root.bytes.end());
    section.section.outcome = results;
  }
  return {todo.agent, {section}, {}, {}, {}};
}

void RegionFixture::report(const Todo& given) {
  const Todo todo = given;
  now_ = now_ + Duration{task_time_.ns * todo.assignment.tasks.count};
  const ReportReceived input = report_of(todo);
  std::erase_if(todo_, [&todo](const Todo& other) {
    return other.agent == todo.agent && other.assignment.attempt == todo.assignment.attempt;
  });
  see(input);
}

void RegionFixture::report_all(AgentId agent) {
  for (const Todo& todo : todo_of(agent))
    report(todo);
}

void RegionFixture::answer_opening(const AskOpening& asked) {
  OpeningReceived input{asked.to, {asked.request.attempt, asked.request.step, asked.request.task, {}}};
  input.opening.leaf_hashes = leaves_of(asked.request.step, asked.request.task, habits_[asked.to]);
  see(input);
}

void RegionFixture::answer_comparison(AgentId referee, const msg::ComparisonAssignment& asked) {
  const auto truth = lies_.at(asked.a) == lies_.at(asked.b) ? msg::ComparisonVerdict::kSame
                                                            : msg::ComparisonVerdict::kDiffer;
  see(ReportReceived{
      referee, {}, {}, {}, {{asked.attempt, asked.step, asked.task, verdict_.value_or(truth), "looked"}}});
}

void RegionFixture::answer_upload(const AskUpload& asked, bool ok, const Digest& root) {
  lies_[blob_of(root)] = habits_[asked.to].lie;
  see(UploadFinished{asked.request.step, asked.request.task, asked.request.attempt, ok, blob_of(root), root,
                     asked.size_bytes});
}

Digest RegionFixture::checkpoint_blob(std::uint8_t number) {
  Digest digest;
  digest.bytes.fill(number);
  return digest;
}

void RegionFixture::leave_checkpoint(const Todo& todo, TaskIndex task, std::uint8_t number,
                                     std::uint64_t size_bytes) {
  see(CheckpointOffered{
      todo.agent,
      {todo.assignment.attempt, todo.assignment.step, task, checkpoint_blob(number), size_bytes}});
}

void RegionFixture::answer_checkpoint() {
  const AskUpload asked = checkpoints_.back();
  checkpoints_.pop_back();
  see(UploadFinished{asked.request.step, asked.request.task, asked.request.attempt, true, asked.root,
                     asked.root, asked.size_bytes, true});
}

void RegionFixture::fail(const Todo& todo, msg::FailureReason reason) {
  ReportReceived input = report_of(todo);
  input.sections[0].section.outcome = msg::FailedTasks{reason, "it failed"};
  input.sections[0].roots.clear();
  std::erase_if(todo_, [&todo](const Todo& other) {
    return other.agent == todo.agent && other.assignment.attempt == todo.assignment.attempt;
  });
  see(input);
}

bool RegionFixture::act_once() {
  for (const Todo& todo : todo_)
    if (connected(todo.agent) && habits_[todo.agent].reports) return report(todo), true;
  if (!leaves_.empty()) {
    const auto [agent, leaf] = leaves_.front();
    leaves_.erase(leaves_.begin());
    if (state().find_job(leaf.step.job) == nullptr) return true;
    msg::LeafReport answer{leaf.attempt, leaf.step, leaf.task, leaf.leaves, {}};
    const auto truth = leaves_of(leaf.step, leaf.task, habits_[agent]);
    for (const std::uint32_t index : leaf.leaves)
      answer.hashes.push_back(index < truth.size() ? truth[index] : Digest{});
    see(ReportReceived{agent, {}, {answer}, {}, {}});
    return true;
  }
  for (auto next = comparisons_.begin(); next != comparisons_.end(); ++next) {
    if (!connected(next->first) || !habits_[next->first].compares) continue;
    const auto [agent, asked] = *next;
    comparisons_.erase(next);
    answer_comparison(agent, asked);
    return true;
  }
  for (auto next = openings_.begin(); next != openings_.end(); ++next) {
    if (!connected(next->to) || !habits_[next->to].opens) continue;
    const AskOpening asked = *next;
    openings_.erase(next);
    if (state().find_job(asked.request.step.job) != nullptr) answer_opening(asked);
    return true;
  }
  for (auto next = uploads_.begin(); next != uploads_.end(); ++next) {
    if (!connected(next->to) || !habits_[next->to].uploads) continue;
    const AskUpload asked = *next;
    uploads_.erase(next);
    answer_upload(asked, true, asked.root);
    return true;
  }
  return false;
}

void RegionFixture::work() {
  for (int action = 0; action < kMostActions; ++action)
    if (!act_once()) return;
  FAIL() << "the work never ends";
}

std::vector<PartyId> RegionFixture::owners_that_ran(StepRef step, TaskIndex task) const {
  std::vector<PartyId> owners;
  for (const auto& e : events<ResultsRecorded>())
    if (e.step == step && e.tasks.first <= task && task < e.tasks.end()) owners.push_back(e.owner);
  return owners;
}

std::string RegionFixture::explained(JobId id) const {
  std::string text;
  for (const Explanation& line : core_->explain(id))
    text += line.reason + " | " + line.hint + "\n";
  return text;
}

}  // namespace reeve::core
