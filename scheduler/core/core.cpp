#include "scheduler/core/core.h"

#include <algorithm>

#include "protocol/limits.h"
#include "scheduler/core/generations.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// How often a Tick looks at what has no deadline of its own.
constexpr Duration kHousekeeping = seconds(1);

void on_tick(Region& region) {
  expire_leases(region);
  lost_agents(region);
  pursue_disputes(region);
  pursue_stores(region);
  pursue_comparisons(region);
  const std::set<JobId> changed = region.live.changed;
  for (const JobId id : changed)
    notify_job(region, id);
  region.live.changed.clear();
  if (region.now - region.live.kept_house < kHousekeeping) return;
  region.live.kept_house = region.now;
  replace_late_agents(region);
  vest_by_age(region);
  const Time oldest = region.now - limits::kRequestMemory;
  const auto& sessions = region.durable.sessions;
  const bool stale = std::any_of(sessions.begin(), sessions.end(),
                                 [oldest](const auto& entry) { return entry.second.last < oldest; });
  if (stale) region.emit(SessionsExpired{oldest});
}

}  // namespace

bool waits_for_commit(const Effect& effect) {
  return !std::holds_alternative<SendAssign>(effect) && !std::holds_alternative<SendCancel>(effect) &&
         !std::holds_alternative<AskOpening>(effect);
}

Core::Core(Durable durable, const std::array<std::uint8_t, 32>& secret)
    : region_(std::make_unique<Region>(std::move(durable), secret)) {}

Core::~Core() = default;

void Core::boot(Time now, StepOutput& out) {
  region_->now = now;
  region_->out = &out;
  region_->emit(Booted{region_->durable.boot_epoch + 1, now});
  rebuild_all(*region_);
  region_->out = nullptr;
}

void Core::step(Time now, const Input& input, StepOutput& out) {
  Region& region = *region_;
  region.now = std::max(now, region.now);  // a clock that jumps back does not turn time back here
  region.out = &out;
  struct Visitor {
    Region& r;
    void operator()(const EnrolReceived& i) { enrol(r, i); }
    void operator()(const CommandReceived& i) { on_command(r, i); }
    void operator()(const SubscribeReceived& i) { on_subscribe(r, i); }
    void operator()(const AgentConnected& i) { on_agent_connected(r, i); }
    void operator()(const AgentGone& i) { on_agent_gone(r, i.agent); }
    void operator()(const CreditGranted& i) { on_credit(r, i); }
    void operator()(const HeartbeatReceived& i) { on_heartbeat(r, i); }
    void operator()(const ReportReceived& i) { on_report(r, i); }
    void operator()(const OpeningReceived& i) { on_opening(r, i); }
    void operator()(const UploadFinished& i) { on_upload(r, i); }
    void operator()(const CheckpointOffered& i) { on_checkpoint_offered(r, i); }
    void operator()(const Tick&) { on_tick(r); }
    void operator()(const Pump&) {
      dispatch(r);
      vest_due(r);
      forget_final_jobs(r);
    }
  };
  std::visit(Visitor{region}, input);
  region.out = nullptr;
}

const Durable& Core::durable() const {
  return region_->durable;
}

std::vector<Explanation> Core::explain(JobId job) const {
  return explain_job(*region_, job);
}

std::vector<AgentView> Core::agents() const {
  std::vector<AgentView> views;
  for (const auto& [id, agent] : region_->live.agents)
    views.push_back({id, true, agent.paused, agent.slots, agent.capability, agent.outstanding, agent.credit(),
                     agent.last_seen});
  for (const auto& [id, agent] : region_->live.departed)
    views.push_back({id, false, agent.paused, agent.slots, agent.capability, 0, 0, agent.last_seen});
  return views;
}

std::uint64_t Core::running_tasks(JobId job) const {
  std::uint64_t running = 0;
  for (const auto& [attempt, lease] : region_->live.leases)
    if (lease.step.job == job) running += lease.left.size();
  return running;
}

std::map<StepRef, std::uint64_t> Core::running_tasks() const {
  std::map<StepRef, std::uint64_t> running;
  for (const auto& [attempt, lease] : region_->live.leases)
    running[lease.step] += lease.left.size();
  return running;
}

std::vector<Holding> Core::holdings(StepRef step, TaskRange range) const {
  const Volatile& live = region_->live;
  const StepState* state = region_->durable.find_step(step);
  std::vector<Holding> held;
  if (state == nullptr) return held;
  for (const auto& [attempt, lease] : live.leases) {
    if (lease.step != step || !lease.left.intersects(range)) continue;
    const auto agent = live.agents.find(lease.agent);
    const Time progress =
        agent == live.agents.end() ? lease.sent : std::max(lease.sent, agent->second.last_report);
    const bool late = progress + state->spec.time_limit < region_->now;
    held.push_back({attempt, lease.agent, lease.replica, lease.sent, late, lease.left.overlap(range)});
  }
  return held;
}

bool Core::holds(AgentId agent, AttemptId attempt, StepRef step, TaskIndex task) const {
  const auto lease = region_->live.leases.find(attempt);
  return lease != region_->live.leases.end() && lease->second.agent == agent && lease->second.step == step &&
         lease->second.left.contains(task);
}

std::optional<bool> Core::needs_input(AgentId id, const Digest& input) const {
  const Volatile& live = region_->live;
  const auto agent = live.agents.find(id);
  if (agent == live.agents.end()) return std::nullopt;
  if (compares_blob(*region_, id, input)) return true;
  const auto is_input_of = [&](StepRef step) {
    const StepState* state = region_->durable.find_step(step);
    return state != nullptr &&
           std::find(state->spec.inputs.begin(), state->spec.inputs.end(), input) != state->spec.inputs.end();
  };
  const auto is_passed_to = [&](StepRef step, TaskIndex task) {
    const StepState* state = region_->durable.find_step(step);
    return state != nullptr && goes_on_from(*state, task, input);
  };
  return std::any_of(agent->second.leases.begin(), agent->second.leases.end(),
                     [&](AttemptId attempt) {
                       const Lease& lease = live.leases.at(attempt);
                       return lease.goes_on_from == input || is_input_of(lease.step) ||
                              (!lease.left.empty() && is_passed_to(lease.step, lease.left.front(1).first));
                     }) ||
         std::any_of(live.leaf_leases.begin(), live.leaf_leases.end(), [&](const auto& entry) {
           const LeafLease& lease = entry.second;
           return lease.agent == id && (is_input_of(lease.step) || is_passed_to(lease.step, lease.task));
         });
}

Time Core::next_deadline() const {
  const Volatile& live = region_->live;
  Time soonest = live.kept_house + kHousekeeping;
  if (!live.deadlines.empty()) soonest = std::min(soonest, live.deadlines.begin()->first);
  return soonest;
}

std::string Core::broken_invariant(bool ended_jobs_too) const {
  return broken_region_invariant(*region_, ended_jobs_too);
}

}  // namespace reeve::core
