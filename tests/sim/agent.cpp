#include "tests/sim/agent.h"

#include <algorithm>

#include "tests/sim/truth.h"
#include "tests/sim/world.h"

namespace reeve::sim {
namespace {

constexpr std::uint32_t kMostPerReport = 40;

}  // namespace

SimAgent::SimAgent(World& world, AgentId id, Role role, std::uint32_t slots, Behaviour behaviour,
                   std::uint64_t seed)
    : world_(world), id_(id), role_(role), slots_(slots), behaviour_(behaviour), rng_(seed) {}

void SimAgent::connect() {
  if (gone_) return;
  connected_ = true;
  const std::uint64_t life = ++life_;
  received_ = 0;
  busy_ = false;
  core::AgentConnected hello{core::ConnectionId(id_.value()), id_, {}};
  hello.hello.name = "agent";
  hello.hello.slots = slots_;
  hello.hello.capability = world_.capability();
  if (role_ == Role::kReferee) {
    auto& kernels = hello.hello.capability.kernels;
    kernels.insert(kernels.begin(), KernelVersion{std::string(kCompareKernel), 1});
  }
  for (const auto& [attempt, held] : held_)
    hello.hello.held.push_back(held);
  world_.to_region(hello, true);
  grant();
  world_.after(milliseconds(rng_.between(1, 50)), [this, life] {
    if (life == life_) report();
  });
  world_.after(seconds(5), [this, life] {
    if (life == life_) heartbeat();
  });
  run_next();
}

void SimAgent::disconnect(Duration down, bool lose_memory) {
  connected_ = false;
  ++life_;
  if (lose_memory) {  // what was not finished is gone; what was finished is on disk
    to_run_.clear();
    order_.clear();
    std::set<AttemptId> on_disk;
    for (const Finished& done : finished_)
      on_disk.insert(done.section.attempt);
    std::erase_if(held_, [&on_disk](const auto& entry) { return !on_disk.contains(entry.first); });
  }
  world_.after(down, [this, life = life_] {
    if (life == life_) connect();
  });
}

void SimAgent::leave_for_good() {
  gone_ = true;
  connected_ = false;
  ++life_;
}

void SimAgent::receive(const core::Effect& effect) {
  if (!connected_) return;
  if (const auto* assign = std::get_if<core::SendAssign>(&effect)) on_assign(assign->assign);
  if (const auto* ack = std::get_if<core::SendAck>(&effect)) on_ack(ack->ack);
  if (const auto* cancel = std::get_if<core::SendCancel>(&effect)) on_cancel(cancel->cancel);
  if (const auto* opening = std::get_if<core::AskOpening>(&effect)) on_opening(opening->request);
  if (const auto* upload = std::get_if<core::AskUpload>(&effect)) on_upload(upload->request);
}

void SimAgent::on_assign(const msg::Assign& assign) {
  for (const msg::Assignment& a : assign.assignments) {
    if (held_.contains(a.attempt)) continue;  // a message that came twice
    received_ += a.tasks.count;
    held_[a.attempt] = {a.attempt, a.step, a.tasks, a.replica, a.ticket};
    to_run_[a.attempt] = core::IntervalSet(a.tasks);
    for (const msg::StepInfo& info : assign.steps)
      if (info.step == a.step) {
        rooted_[a.attempt] = info.leaf_bytes != 0 || info.rooted;
        if (info.rooted && info.iteration == Iteration{}) compared_.insert(a.attempt);
      }
    order_.push_back(a.attempt);
    inputs_[a.attempt] = a.inputs;
    for (const Digest& blob : a.inputs)
      world_.fetched(id_, blob);
  }
  for (const msg::LeafAssignment& leaf : assign.leaves) {
    const bool rooted = assign.steps.front().leaf_bytes != 0;
    const auto leaves = true_leaves(leaf.step, leaf.task, rooted, leaf.inputs);
    msg::LeafReport answer{leaf.attempt, leaf.step, leaf.task, leaf.leaves, {}};
    for (const std::uint32_t index : leaf.leaves)
      answer.hashes.push_back(index < leaves.size() ? leaves[index] : Digest{});
    world_.after(milliseconds(rng_.between(5, 500)), [this, answer, life = life_] {
      if (life == life_) world_.to_region(core::ReportReceived{id_, {}, {answer}, {}});
    });
  }
  for (const msg::ComparisonAssignment& asked : assign.comparisons)
    compare(asked);
  run_next();
}

void SimAgent::compare(const msg::ComparisonAssignment& asked) {
  const bool same =
      is_honest_look(asked.step, asked.task, asked.a) && is_honest_look(asked.step, asked.task, asked.b);
  const auto verdict = same ? msg::ComparisonVerdict::kSame : msg::ComparisonVerdict::kDiffer;
  core::ReportReceived report{id_, {}, {}, {}};
  report.comparisons.push_back({asked.attempt, asked.step, asked.task, verdict, "looked"});
  world_.after(milliseconds(rng_.between(5, 500)), [this, report, life = life_] {
    if (life == life_) world_.to_region(report);
  });
}

void SimAgent::on_ack(const msg::ReportAck& ack) {
  for (const auto& item : ack.items) {
    for (Finished& done : finished_) {
      if (done.section.attempt != item.attempt || done.section.tasks != item.tasks) continue;
      done.acknowledged = true;
      if (item.status == msg::SectionStatus::kRecorded) world_.acknowledged(id_, done.section);
    }
  }
  for (auto next = held_.begin(); next != held_.end();) {
    const bool running = to_run_.contains(next->first) && !to_run_.at(next->first).empty();
    const bool unacked = std::any_of(finished_.begin(), finished_.end(), [&](const Finished& done) {
      return done.section.attempt == next->first && !done.acknowledged;
    });
    next = running || unacked ? std::next(next) : held_.erase(next);
  }
}

void SimAgent::on_cancel(const msg::CancelAttempts& cancel) {
  for (const auto& item : cancel.items) {
    const auto left = to_run_.find(item.attempt);
    if (left == to_run_.end()) continue;
    left->second.erase(item.tasks);
    if (left->second.empty()) to_run_.erase(left);
  }
}

bool SimAgent::lies(StepRef step, TaskIndex task) const {
  if (behaviour_ == Behaviour::kLiar) return true;
  return behaviour_ == Behaviour::kOnOffLiar && (step.job.value() * 31 + task) % 5 == 0;
}

std::vector<Digest> SimAgent::leaves_of(StepRef step, TaskIndex task, AttemptId attempt) const {
  const auto rooted = rooted_.find(attempt);
  const auto found = inputs_.find(attempt);
  const std::vector<Digest> given = found == inputs_.end() ? std::vector<Digest>() : found->second;
  std::vector<Digest> leaves = true_leaves(step, task, rooted != rooted_.end() && rooted->second, given);
  if (lies(step, task)) {
    Writer writer;
    writer(id_, step, task);
    leaves[task % leaves.size()] = sha256(writer.bytes());
  }
  return leaves;
}

Digest SimAgent::root_of(StepRef step, TaskIndex task, AttemptId attempt) const {
  if (!compared_.contains(attempt)) return merkle_root(leaves_of(step, task, attempt));
  if (!lies(step, task)) return honest_look(step, task, id_.value() % kLooks);
  Writer writer;
  writer(id_, step, task);
  return merkle_root(std::vector<Digest>{sha256(writer.bytes())});
}

void SimAgent::run_next() {
  if (busy_ || !connected_ || order_.empty() || behaviour_ == Behaviour::kStaller) return;
  const AttemptId attempt = order_.front();
  const auto left = to_run_.find(attempt);
  if (left == to_run_.end() || left->second.empty()) {
    order_.pop_front();
    return run_next();
  }
  busy_ = true;
  const TaskRange tasks = left->second.front(static_cast<std::uint32_t>(rng_.between(1, kMostPerReport)));
  const std::int64_t each_ms = rng_.between(1, 40);
  world_.after(milliseconds(each_ms * tasks.count / slots_ + 1), [this, attempt, tasks, life = life_] {
    if (life != life_) return;
    busy_ = false;
    finish(attempt, tasks);
    run_next();
  });
}

void SimAgent::finish(AttemptId attempt, TaskRange tasks) {
  const auto left = to_run_.find(attempt);
  if (left == to_run_.end() || !left->second.contains(tasks)) return;  // cancelled meanwhile
  left->second.erase(tasks);
  const msg::HeldAttempt& held = held_.at(attempt);
  Finished done;
  done.section = {
      attempt,
      held.step,
      tasks,
      compared_.contains(attempt) ? KernelVersion{std::string(kProgramKernel), 1} : world_.kernel(),
      held.ticket,
      msg::FailedTasks{}};
  if (behaviour_ != Behaviour::kFailing) {
    for (TaskIndex task = tasks.first; task < tasks.end(); ++task)
      done.roots.push_back(root_of(held.step, task, attempt));
    if (rooted_.at(attempt)) {
      done.section.outcome =
          msg::RootedResults{done.roots, std::vector<std::uint64_t>(tasks.count, kLeaves * kLeafBytes)};
    } else {
      msg::InlineResults results{std::vector<std::uint32_t>(tasks.count, kInlineBytes), {}};
      for (const Digest& root : done.roots)
        results.payload.insert(results.payload.end(), root.bytes.begin(), root.bytes.end());
      done.section.outcome = results;
    }
  }
  finished_.push_back(std::move(done));
  core::ReportReceived report{id_, {{finished_.back().section, finished_.back().roots, {}}}, {}, {}};
  world_.to_region(report);
  grant();
}

void SimAgent::report() {  // again and again, until it is acknowledged
  core::ReportReceived report{id_, {}, {}, {}};
  for (const Finished& done : finished_)
    if (!done.acknowledged) report.sections.push_back({done.section, done.roots, {}});
  if (!report.sections.empty()) world_.to_region(report);
  world_.after(seconds(2), [this, life = life_] {
    if (life == life_) this->report();
  });
}

void SimAgent::heartbeat() {
  core::HeartbeatReceived beat{id_, {}};
  for (const auto& [attempt, held] : held_)
    beat.heartbeat.held.push_back(attempt);
  world_.to_region(beat);
  grant();
  world_.after(seconds(5), [this, life = life_] {
    if (life == life_) heartbeat();
  });
}

void SimAgent::grant() {
  std::uint64_t waiting = 0;
  for (const auto& [attempt, left] : to_run_)
    waiting += left.size();
  const std::uint64_t room = 200 > waiting ? 200 - waiting : 0;
  world_.to_region(core::CreditGranted{id_, received_ + room});
}

void SimAgent::on_opening(const msg::OpeningRequest& request) {
  if (behaviour_ == Behaviour::kWithholder) return;
  core::OpeningReceived answer{id_, {request.attempt, request.step, request.task, {}}};
  answer.opening.leaf_hashes = leaves_of(request.step, request.task, request.attempt);
  world_.to_region(answer);
}

void SimAgent::on_upload(const msg::UploadRequest& request) {
  if (behaviour_ == Behaviour::kWithholder) return;
  const Digest root = root_of(request.step, request.task, request.attempt);
  world_.to_region(core::UploadFinished{request.step, request.task, request.attempt, true, root, root,
                                        kLeaves * kLeafBytes});
}

}  // namespace reeve::sim
