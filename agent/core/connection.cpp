#include <algorithm>
#include <set>

#include "agent/core/agent_core.h"
#include "agent/core/bounds.h"
#include "agent/core/ranges.h"

namespace reeve::agent {

void AgentCore::on(const ConnectionUp& in) {
  link_ = Link::kUp;
  welcome_ = in.welcome;
  last_heard_ = now_;
  last_error_.clear();
  backoff_.reset();
  log(Severity::kInfo,
      "connected to region " + welcome_.region + " as agent " + std::to_string(welcome_.agent.value()));
  greet();
}

void AgentCore::on(const ConnectionLost& in) {
  if (in.final) {
    end(in.why);
  } else {
    lose(in.why);
  }
}

void AgentCore::lose(const Error& why) {
  if (link_ == Link::kDown) return;
  link_ = Link::kDown;
  last_error_ = why.message;
  const Duration wait = backoff_.next();
  link_deadline_ = now_ + wait;
  next_expiry_ = now_;
  log(Severity::kWarning,
      "no connection: " + why.message + "; trying again in " + std::to_string(wait.ns / 1'000'000) + " ms");
}

void AgentCore::end(std::optional<Error> why) {
  outbox_.persist_all(effects_);
  effects_.push_back(Disconnect{});
  effects_.push_back(Exit{std::move(why)});
  link_ = Link::kOver;
}

void AgentCore::greet() {
  msg::AgentHello hello{options_.name, options_.slots,        options_.capability, {},
                        options_.farm, options_.gang_endpoint};
  if (options_.compares && welcome_.role == Role::kReferee) {
    auto& kernels = hello.capability.kernels;
    const KernelVersion compare{std::string(kCompareKernel), 1};
    kernels.insert(std::lower_bound(kernels.begin(), kernels.end(), compare), compare);
  }
  for (const auto& [attempt, lease] : leases_) {
    if (hello.held.size() == limits::kHeldAttemptsPerAgent) break;
    const msg::Assignment& a = lease.assignment;
    hello.held.push_back({attempt, a.step, a.tasks, a.replica, a.ticket});
  }
  effects_.push_back(Send{std::move(hello)});
  granted_ = 0;
  received_ = 0;
  outbox_.resend_all(now_);
  offer_checkpoints();
  next_heartbeat_ = now_ + bounds::kHeartbeatEvery;
  if (paused_) send_heartbeat();
}

void AgentCore::send_heartbeat() {
  if (link_ != Link::kUp) return;
  msg::Heartbeat beat;
  beat.paused = paused_;
  for (auto& [attempt, lease] : leases_) {
    if (beat.held.size() == limits::kHeldAttemptsPerAgent) break;
    beat.held.push_back(attempt);
    lease.valid_until = now_ + lease.assignment.lease;
  }
  for (const auto& [attempt, lease] : leaf_leases_) {
    if (beat.held.size() == limits::kHeldAttemptsPerAgent) break;
    beat.held.push_back(attempt);
  }
  for (const auto& [attempt, lease] : comparisons_) {
    if (beat.held.size() == limits::kHeldAttemptsPerAgent) break;
    beat.held.push_back(attempt);
  }
  effects_.push_back(Send{std::move(beat)});
  next_heartbeat_ = now_ + bounds::kHeartbeatEvery;
}

std::uint64_t AgentCore::wanted_tasks() const {
  if (paused_ || stopping_ || outbox_.spooled_bytes() >= options_.spool_bytes) return 0;
  if (outbox_.unacked_tasks() >= bounds::kUnackedTasks) return 0;
  const std::uint64_t window = pace_.window(slots_up());
  // Each task may come as an attempt of its own, and no more attempts than this fit a hello.
  const std::uint64_t attempts = leases_.size() + leaf_leases_.size() + comparisons_.size();
  const std::uint64_t room =
      limits::kHeldAttemptsPerAgent - std::min<std::uint64_t>(attempts, limits::kHeldAttemptsPerAgent);
  return std::min(window - std::min(window, in_hand_), room);
}

void AgentCore::grant_credit() {
  if (link_ != Link::kUp) return;
  const std::uint64_t total = received_ + wanted_tasks();
  if (total <= granted_) return;
  // Small steps would cost a message each; a worker about to run dry waits for none.
  const std::uint64_t least = std::max<std::uint64_t>(pace_.window(slots_up()) / 8, 1);
  if (total - granted_ < least && in_hand_ > slots_up()) return;
  granted_ = total;
  effects_.push_back(Send{msg::Credit{granted_}});
}

void AgentCore::look_at_time() {
  if (!started_ || link_ == Link::kOver) return;
  outbox_.look_at_time(now_, effects_);
  if (paused_until_ && now_ >= *paused_until_) on(ResumeRequested{});
  if (link_ == Link::kUp) {
    if (now_ >= next_heartbeat_) send_heartbeat();
    return;
  }
  if (now_ >= next_expiry_) drop_expired();
  if (now_ < link_deadline_) return;
  if (link_ == Link::kConnecting) {
    effects_.push_back(Disconnect{});
    lose({ErrorCode::kTimeout, "the region did not answer in time", ""});
    return;
  }
  if (stopping_) return;
  link_ = Link::kConnecting;
  link_deadline_ = now_ + bounds::kConnectPatience;
  effects_.push_back(Connect{});
}

/// While the region is away, leases end; what has not begun is not begun any more.
void AgentCore::drop_expired() {
  next_expiry_ = now_ + seconds(1);
  std::vector<AttemptId> expired;
  for (const auto& [attempt, lease] : leases_) {
    if (lease.unfinished > 0 && now_ >= lease.valid_until) expired.push_back(attempt);
  }
  for (const AttemptId attempt : expired) {
    const auto lease = leases_.find(attempt);
    std::uint32_t dropped = 0;
    for (const BatchItem& item : queue_.remove(attempt, lease->second.assignment.tasks))
      dropped += item.tasks.count;
    if (leave_gang(attempt)) dropped += lease->second.unfinished;
    retire(lease->second, dropped);
    close(lease->second, dropped);
  }
}

/// Ends a stopping agent once nothing is left to say, or patience is.
void AgentCore::settle_down() {
  if (!stopping_ || link_ == Link::kOver) return;
  const bool busy =
      std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.batches.empty(); });
  const bool heard = outbox_.unacked_tasks() == 0 || link_ != Link::kUp;
  if ((!busy && heard) || now_ >= stop_deadline_) end(std::nullopt);
}

/// Takes up what an earlier process left. Tasks of its attempts that it did not finish go back.
void AgentCore::adopt(const std::vector<SpooledSection>& recovered) {
  std::map<AttemptId, std::vector<const SpooledSection*>> attempts;
  std::set<AttemptId> unacked;
  for (const SpooledSection& held : recovered) {
    attempts[held.section.attempt].push_back(&held);
    if (!held.acked) unacked.insert(held.section.attempt);
  }
  outbox_.recover(recovered);
  for (const AttemptId attempt : unacked) {
    const SpooledSection& any = *attempts[attempt].front();
    Lease lease;
    lease.assignment = {attempt,     any.section.step, any.lease_tasks,
                        any.replica, Duration{},       any.section.ticket};
    auto step = std::make_shared<StepWork>();
    step->step = any.section.step;
    step->kernel = any.section.kernel;
    step->leaf_bytes = any.leaf_bytes;
    lease.step = std::move(step);
    std::vector<TaskRange> known;
    for (const SpooledSection* held : attempts[attempt]) {
      known.push_back(held->section.tasks);
      if (!held->acked) lease.open += held->section.tasks.count;
    }
    for (const TaskRange lost : without(any.lease_tasks, known)) {
      lease.open += lost.count;
      report(lease, lost, msg::FailedTasks{msg::FailureReason::kAgentLeaving, "the agent was restarted"});
    }
    leases_.emplace(attempt, std::move(lease));
  }
  if (!recovered.empty())
    log(Severity::kInfo, "found " + std::to_string(recovered.size()) + " stored results of an earlier run");
}

}  // namespace reeve::agent
