#include <algorithm>

#include "protocol/leaves.h"
#include "protocol/limits.h"
#include "scheduler/core/groups.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

/// What a reported section gives, task by task.
struct Findings {
  std::vector<TaskRange> direct;  // accepted on this report alone
  std::vector<TaskRange> agreed;  // confirm what another owner reported
  std::vector<TaskRange> kept;    // await another attempt, a verdict or a store
  std::vector<Digest> kept_roots;
  std::vector<std::uint32_t> kept_needed;
  std::map<std::pair<std::uint32_t, AttemptId>, std::pair<Payee, std::vector<TaskRange>>>
      confirmed;  // slot, attempt
};

void append(std::vector<TaskRange>& ranges, TaskIndex task) {
  if (!ranges.empty() && ranges.back().end() == task)
    ++ranges.back().count;
  else
    ranges.push_back({task, 1});
}

void keep(Findings& findings, TaskIndex task, const Digest& root, std::uint32_t needed) {
  const bool joins =
      !findings.kept.empty() && findings.kept.back().end() == task && findings.kept_needed.back() == needed;
  if (joins) {
    ++findings.kept.back().count;
  } else {
    findings.kept.push_back({task, 1});
    findings.kept_needed.push_back(needed);
  }
  findings.kept_roots.push_back(root);
}

const OwnerRecord* owner_record(const Region& region, PartyId owner) {
  const auto found = region.durable.owners.find(owner);
  return found == region.durable.owners.end() ? nullptr : &found->second;
}

/// True where an owner who has withheld something had his turn at the task: what was to confirm the result,
/// or to contradict it, may be what is gone.
bool follows_a_fault(const Region& region, const OpenTask* known) {
  return known != nullptr &&
         std::any_of(known->failed_owners.begin(), known->failed_owners.end(), [&region](PartyId owner) {
           const OwnerRecord* record = owner_record(region, owner);
           return record != nullptr && record->faults > 0;
         });
}

/// Attempts of distinct owners that a first attempt's task needs: drawn after the report, never before.
///   known  the task's record so far; null: none
std::uint32_t attempts_needed(const Region& region, const Job& job, const OwnerRecord* owner, StepRef step,
                              TaskIndex task, AttemptId attempt, const OpenTask* known) {
  const Policy& policy = region.durable.policy;
  switch (job.verify.mode) {
    case VerifyMode::kNone: return 1;
    case VerifyMode::kQuorum: return job.verify.quorum;
    case VerifyMode::kAdaptive: break;
  }
  const std::uint32_t validated = owner == nullptr ? 0 : owner->validated;
  if (validated < policy.probation_tasks || follows_a_fault(region, known)) return 2;
  const auto domain = static_cast<std::uint32_t>(Draw::kReplicate);
  return region.prf.chance(policy.floor_ppm, domain, step.job.value(), step.step, task, attempt.value()) ? 2
                                                                                                         : 1;
}

/// Attempts that a task wants in all once `root` is recorded beside others.
std::uint32_t wanted_beside(const Job& job, const StepState& step, const OpenTask& known,
                            const Digest& root) {
  return is_program(step.spec.need.kernel) ? votes_wanted(job, step, known, root) : known.needed;
}

bool same_roots(const OpenTask& open, const Digest& root) {
  return std::all_of(open.attempts.begin(), open.attempts.end(),
                     [&root](const Recorded& r) { return r.root == root; });
}

/// Sorts the tasks of a section of inline results: most need nothing but their settlement.
Findings sort_inline(const Region& region, const VerifiedSection& verified, const Lease& lease) {
  Findings findings;
  const msg::ReportSection& section = verified.section;
  const Job& job = *region.durable.find_job(section.step.job);
  const StepState& state = job.steps[section.step.step];
  const OwnerRecord* owner = owner_record(region, lease.owner);
  auto open = state.open.lower_bound(section.tasks.first);
  for (TaskIndex task = section.tasks.first; task < section.tasks.end(); ++task) {
    const Digest& root = verified.roots[task - section.tasks.first];
    while (open != state.open.end() && open->first < task)
      ++open;
    const OpenTask* known = open != state.open.end() && open->first == task ? &open->second : nullptr;
    if (known == nullptr || known->attempts.empty()) {
      const std::uint32_t least = known == nullptr ? 1 : known->needed;
      const std::uint32_t needed =
          std::max(least, attempts_needed(region, job, owner, section.step, task, section.attempt, known));
      if (needed == 1)
        append(findings.direct, task);
      else
        keep(findings, task, root, needed);
      continue;
    }
    const std::uint32_t wanted = wanted_beside(job, state, *known, root);
    if (known->attempts.size() + 1 < wanted || !same_roots(*known, root) ||
        !known->attempts.front().is_inline) {
      keep(findings, task, root, wanted);
      continue;
    }
    append(findings.agreed, task);
    for (std::uint32_t slot = 0; slot < known->attempts.size(); ++slot) {
      const Recorded& r = known->attempts[slot];
      auto& [payee, ranges] = findings.confirmed[{slot, r.attempt}];
      payee = {r.attempt, r.agent, r.owner, slot};
      append(ranges, task);
    }
    const auto slot = static_cast<std::uint32_t>(known->attempts.size());
    auto& [payee, ranges] = findings.confirmed[{slot, section.attempt}];
    payee = {section.attempt, lease.agent, lease.owner, slot};
    append(ranges, task);
  }
  return findings;
}

Findings sort_rooted(const Region& region, const VerifiedSection& verified, const Lease& lease) {
  Findings findings;
  const msg::ReportSection& section = verified.section;
  const Job& job = *region.durable.find_job(section.step.job);
  const OwnerRecord* owner = owner_record(region, lease.owner);
  for (TaskIndex task = section.tasks.first; task < section.tasks.end(); ++task) {
    const auto& open = job.steps[section.step.step].open;
    const auto found = open.find(task);
    const OpenTask* known = found == open.end() ? nullptr : &found->second;
    const Digest& root = verified.roots[task - section.tasks.first];
    std::uint32_t needed = known == nullptr ? 1 : known->needed;
    if (known == nullptr || known->attempts.empty())
      needed =
          std::max(needed, attempts_needed(region, job, owner, section.step, task, section.attempt, known));
    else
      needed = wanted_beside(job, job.steps[section.step.step], *known, root);
    keep(findings, task, root, needed);
  }
  return findings;
}

void record(Region& region, const VerifiedSection& verified, const Lease& lease, const ReportReceived& report,
            std::uint32_t position, Findings& findings) {
  const msg::ReportSection& section = verified.section;
  ResultsRecorded event{
      section.attempt,
      lease.agent,
      lease.owner,
      section.step,
      section.tasks,
      lease.replica,
      {},
      {},
      {},
      report.signature,
      position,
      static_cast<std::uint32_t>(report.sections.size() + report.leaves.size() + report.comparisons.size()),
      verified.path,
      std::move(findings.kept),
      std::move(findings.kept_roots),
      std::move(findings.kept_needed),
      lease.sent,
      region.now};
  if (const auto* results = std::get_if<msg::InlineResults>(&section.outcome)) {
    event.sizes.assign(results->sizes.begin(), results->sizes.end());
    event.payload = results->payload;
  } else if (const auto* rooted = std::get_if<msg::RootedResults>(&section.outcome)) {
    event.sizes = rooted->sizes;
    event.roots = rooted->roots;
  }
  findings.kept = event.kept;
  region.emit(std::move(event));
}

/// Pays what needs no further question, and asks about the rest.
void conclude(Region& region, StepRef step, const Lease& lease, AttemptId attempt, const Findings& findings) {
  if (!findings.direct.empty()) {
    region.emit(TasksVerified{step, findings.direct, 1});
    settle(region, step, {attempt, lease.agent, lease.owner, 0}, findings.direct, 0, {});
  }
  if (!findings.agreed.empty()) {
    region.emit(TasksVerified{step, findings.agreed,
                              static_cast<std::uint32_t>(findings.confirmed.rbegin()->first.first + 1)});
    for (const auto& [key, paid] : findings.confirmed)
      settle(region, step, paid.first, paid.second, static_cast<std::uint32_t>(count_tasks(paid.second)), {});
  }
  for (const TaskRange range : findings.kept)
    for (TaskIndex task = range.first; task < range.end(); ++task)
      decide(region, step, task);
  std::set<PartyId> paid{lease.owner};
  for (const auto& [key, entry] : findings.confirmed)
    paid.insert(entry.first.owner);
  for (const PartyId owner : paid)
    region.live.vest_due.insert(owner);
}

/// Why results cannot be those of the task, or "".
std::string unfit(const StepSpec& spec, const VerifiedSection& verified) {
  const msg::ReportSection& section = verified.section;
  if (section.kernel != spec.need.kernel)
    return "kernel " + section.kernel.name + "/" + std::to_string(section.kernel.contract) + " reported, " +
           spec.need.kernel.name + "/" + std::to_string(spec.need.kernel.contract) + " asked";
  const auto check_size = [&spec](std::uint64_t size) -> std::string {
    if (size > spec.max_result_bytes)
      return "a result of " + std::to_string(size) + " bytes, at most " +
             std::to_string(spec.max_result_bytes) + " allowed";
    if (leaf_count(size, spec.leaf_bytes) > limits::kLeavesPerTask) return "a result of too many leaves";
    return "";
  };
  if (is_compared(spec) && std::holds_alternative<msg::InlineResults>(section.outcome))
    return "a result within the report, where the step wants it kept to be compared: upgrade the agent";
  if (const auto* results = std::get_if<msg::InlineResults>(&section.outcome))
    for (const std::uint32_t size : results->sizes)
      if (std::string why = check_size(size); !why.empty()) return why;
  if (const auto* rooted = std::get_if<msg::RootedResults>(&section.outcome))
    for (const std::uint64_t size : rooted->sizes)
      if (std::string why = check_size(size); !why.empty()) return why;
  if (verified.roots.size() != section.tasks.count) return "results do not match their tasks";
  return "";
}

void learn_duration(Region& region, const Lease& lease, AgentSession& agent, std::uint32_t count) {
  StepQueue* queue = find_queue(region, lease.step);
  if (queue == nullptr || lease.gang.valid()) return;  // of a gang it would say nothing about a slot
  const Time since = std::max(lease.sent, agent.last_report);
  const std::int64_t spent = std::max<std::int64_t>(1, (region.now - since).ns);
  const std::int64_t each = std::max<std::int64_t>(1, spent * agent.slots / count);
  for (std::int64_t* expected : {&queue->expected_ns, &region.live.need_expected_ns[queue->need]})
    *expected = *expected == 0 ? each : (3 * *expected + each) / 4;
}

/// True when these tasks of this attempt are on record already: a report sent again.
bool on_record(const Region& region, const msg::ReportSection& section, AgentId agent) {
  const StepState* state = region.durable.find_step(section.step);
  if (state == nullptr) return false;
  const auto open = state->open.find(section.tasks.first);
  if (open != state->open.end())
    for (const Recorded& r : open->second.attempts)
      if (r.attempt == section.attempt && r.agent == agent) return true;
  const auto record = region.durable.agents.find(agent);
  const OwnerRecord* owner =
      record == region.durable.agents.end() ? nullptr : owner_record(region, record->second.owner);
  if (owner == nullptr) return false;
  return std::any_of(owner->unvested.begin(), owner->unvested.end(), [&](const Unvested& u) {
    return u.attempt == section.attempt && u.agent == agent &&
           std::any_of(u.tasks.begin(), u.tasks.end(), [&section](TaskRange range) {
             return range.first <= section.tasks.first && section.tasks.first < range.end();
           });
  });
}

void keep_inline_result(Region& region, const VerifiedSection& verified) {
  const auto* results = std::get_if<msg::InlineResults>(&verified.section.outcome);
  const Job* job = region.durable.find_job(verified.section.step.job);
  if (results == nullptr || job->steps.size() != 1 || job->steps[0].spec.task_count != 1) return;
  if (region.live.subscribers.contains(verified.section.step.job))
    region.live.inline_results[verified.section.step.job] = results->payload;
}

msg::ReportAck::Item on_section(Region& region, const ReportReceived& report, std::uint32_t position) {
  const VerifiedSection& verified = report.sections[position];
  const msg::ReportSection& section = verified.section;
  msg::ReportAck::Item item{section.attempt, section.tasks, msg::SectionStatus::kRecorded, ""};
  const auto found = region.live.leases.find(section.attempt);
  if (found != region.live.leases.end() && found->second.agent == report.agent && found->second.is_seat()) {
    on_seat_report(region, section.attempt, section);
    return item;
  }
  if (found == region.live.leases.end() || found->second.agent != report.agent ||
      found->second.step != section.step || !found->second.left.contains(section.tasks)) {
    if (!on_record(region, section, report.agent)) {
      item.status = msg::SectionStatus::kLate;
      item.why = "no lease on these tasks: it expired, was cancelled, or the tasks are done";
    }
    return item;
  }
  const Lease lease = found->second;
  AgentSession& agent = region.live.agents.at(report.agent);
  shrink_lease(region, section.attempt, section.tasks);
  if (const auto* failed = std::get_if<msg::FailedTasks>(&section.outcome)) {
    fail_attempts(region, section.attempt, lease, section.tasks, failed->reason, failed->message);
    return item;
  }
  if (const std::string why = unfit(region.durable.find_step(section.step)->spec, verified); !why.empty()) {
    fail_attempts(region, section.attempt, lease, section.tasks, msg::FailureReason::kRefused, why);
    item.status = msg::SectionStatus::kRefused;
    item.why = why;
    return item;
  }
  note_success(region, section.step.job, report.agent);
  learn_duration(region, lease, agent, section.tasks.count);
  keep_inline_result(region, verified);
  const bool is_inline = std::holds_alternative<msg::InlineResults>(section.outcome);
  Findings findings = is_inline ? sort_inline(region, verified, lease) : sort_rooted(region, verified, lease);
  record(region, verified, lease, report, position, findings);
  conclude(region, section.step, lease, section.attempt, findings);
  if (region.live.subscribers.contains(section.step.job)) region.live.changed.insert(section.step.job);
  finish_if_done(region, section.step.job);
  return item;
}

bool roots_differ(const OpenTask& open) {
  return std::any_of(open.attempts.begin(), open.attempts.end(),
                     [&open](const Recorded& r) { return r.root != open.attempts.front().root; });
}

void settle_inline(Region& region, StepRef step, TaskIndex task) {
  const OpenTask open = region.durable.find_step(step)->open.at(task);
  const std::vector<TaskRange> tasks{{task, 1}};
  region.emit(TasksVerified{step, tasks, static_cast<std::uint32_t>(open.attempts.size())});
  const std::uint32_t checked = open.attempts.size() > 1 ? 1 : 0;
  std::uint32_t slot = 0;
  for (const Recorded& r : open.attempts)
    settle(region, step, {r.attempt, r.agent, r.owner, slot++}, tasks, checked, {});
  for (const Recorded& r : open.attempts)
    region.live.vest_due.insert(r.owner);
}

}  // namespace

void on_report(Region& region, const ReportReceived& report) {
  hear(region, report.agent);
  const auto agent = region.live.agents.find(report.agent);
  if (agent == region.live.agents.end()) return;
  agent->second.last_seen = region.now;
  msg::ReportAck ack;
  for (std::uint32_t i = 0; i < report.sections.size(); ++i) {
    ack.items.push_back(on_section(region, report, i));
    if (!region.live.agents.contains(report.agent)) break;  // convicted on the way
  }
  for (const msg::LeafReport& leaf : report.leaves)
    on_leaf_report(region, report.agent, leaf, report.signature);
  for (const msg::ComparisonReport& comparison : report.comparisons)
    on_comparison_report(region, report.agent, comparison, report.signature);
  const auto after = region.live.agents.find(report.agent);
  if (after != region.live.agents.end()) after->second.last_report = region.now;
  if (!ack.items.empty()) region.effect(SendAck{report.agent, std::move(ack)});
}

void accept_results(Region& region, StepRef step, TaskIndex task) {
  const OpenTask& open = region.durable.find_step(step)->open.at(task);
  const bool all_inline =
      std::all_of(open.attempts.begin(), open.attempts.end(), [](const Recorded& r) { return r.is_inline; });
  if (!all_inline) return begin_store(region, step, task, open.attempts.front().root);
  settle_inline(region, step, task);
  finish_if_done(region, step.job);
}

void decide(Region& region, StepRef step, TaskIndex task) {
  const StepState* state = region.durable.find_step(step);
  if (state == nullptr) return;
  const auto found = state->open.find(task);
  if (found == state->open.end() || !std::holds_alternative<Collecting>(found->second.phase))
    return requeue(region, step, task);
  const OpenTask& open = found->second;
  if (is_program(state->spec.need.kernel)) return count_votes(region, step, task);
  const bool differ = roots_differ(open);
  if (!differ && (open.attempts.empty() || open.attempts.size() < open.needed))
    return requeue(region, step, task);
  unqueue(region, step, task);
  if (differ) return open_dispute(region, step, task);
  accept_results(region, step, task);
}

void cool_down(Region& region, StepRef step, TaskIndex task) {
  constexpr std::size_t kCooling = 100'000;
  constexpr std::uint32_t kDoublings = 6;
  const std::uint32_t failures = region.durable.find_step(step)->open.at(task).failures;
  if (region.live.cooling.size() >= kCooling) region.live.cooling.clear();
  region.live.cooling[{step, task}] = region.now + seconds(5LL << std::min(failures, kDoublings));
}

/// After as many failures as it may have; or when so many owners failed it that it is not their doing.
static bool has_failed(const Job& job, const OpenTask& open) {
  constexpr std::uint32_t kOwners = 3;
  const std::uint32_t owners = std::max(kOwners, job.max_retries);
  return open.failures > job.max_retries || (open.failures >= owners && open.failed_owners.size() >= owners);
}

void fail_attempts(Region& region, AttemptId attempt, const Lease& lease, TaskRange tasks,
                   msg::FailureReason reason, const std::string& message) {
  const Job* job = region.durable.find_job(lease.step.job);
  if (job == nullptr || !job->live()) return;
  if (reason == msg::FailureReason::kAgentLeaving) return requeue(region, lease.step, tasks);
  if (reason == msg::FailureReason::kInputMissing && drop_lost_checkpoint(region, lease, tasks)) return;
  region.emit(AttemptFailed{attempt, lease.agent, lease.owner, lease.step, tasks, reason,
                            message.substr(0, limits::kTextBytes), region.now});
  const StepState& state = *region.durable.find_step(lease.step);
  if (reason != msg::FailureReason::kOutOfMemory) note_failure(region, lease.step.job, lease.agent);
  std::vector<TaskRange> failed;
  for (TaskIndex task = tasks.first; task < tasks.end(); ++task)
    if (has_failed(*job, state.open.at(task)))
      append(failed, task);
    else
      cool_down(region, lease.step, task);
  for (const TaskRange range : failed)
    region.emit(TasksFailed{lease.step, range, message.substr(0, limits::kTextBytes)});
  requeue(region, lease.step, tasks);
  if (!failed.empty()) finish_if_done(region, lease.step.job);
}

}  // namespace reeve::core
