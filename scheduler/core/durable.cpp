#include "scheduler/core/durable.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "scheduler/core/event_fields.h"
#include "scheduler/core/groups.h"
#include "scheduler/core/step_extras.h"

namespace reeve::core {
namespace {

/// What is known of the results of one task of a compared step, as a snapshot keeps it.
struct Compared {
  std::vector<std::pair<AttemptId, Digest>> of_attempts;  // group and blob, in their order
  std::set<std::pair<AttemptId, AttemptId>> unlike;
};
using ComparedTasks = std::map<std::pair<StepRef, TaskIndex>, Compared>;

template <class A>
void fields(A& a, Compared& c) {
  a(c.of_attempts, c.unlike);
}

template <class Visit>
void each_open_task(Durable& state, Visit visit) {
  for (auto& [id, job] : state.jobs)
    for (StepIndex i = 0; i < job.steps.size(); ++i)
      for (auto& [task, open] : job.steps[i].open)
        visit(std::pair{StepRef{id, i}, task}, is_compared(job.steps[i].spec), open);
}

ComparedTasks compared_tasks(Durable& state) {
  ComparedTasks tasks;
  each_open_task(state, [&tasks](const auto& key, bool compared, const OpenTask& open) {
    if (!compared || open.attempts.empty()) return;
    Compared& entry = tasks[key];
    for (const Recorded& r : open.attempts)
      entry.of_attempts.emplace_back(r.group, r.blob);
    entry.unlike = open.unlike;
  });
  return tasks;
}

/// False when a snapshot compares what it does not have.
bool restore(Durable& state, const ComparedTasks& tasks) {
  std::size_t restored = 0;
  each_open_task(state, [&](const auto& key, bool compared, OpenTask& open) {
    if (const auto found = tasks.find(key); found != tasks.end() && compared) {
      const Compared& entry = found->second;
      if (entry.of_attempts.size() != open.attempts.size()) return;
      ++restored;
      for (std::size_t i = 0; i < open.attempts.size(); ++i)
        std::tie(open.attempts[i].group, open.attempts[i].blob) = entry.of_attempts[i];
      open.unlike = entry.unlike;
    }
    sort_groups(open, compared);
  });
  return restored == tasks.size();
}

/// The later fields of the steps of those jobs that use any.
using JobExtras = std::map<JobId, std::vector<StepExtras>>;

JobExtras job_extras(const Durable& state) {
  JobExtras all;
  for (const auto& [id, job] : state.jobs) {
    std::vector<StepExtras> of_steps;
    for (const StepState& step : job.steps)
      of_steps.push_back(extras_of(step.spec));
    if (!std::ranges::all_of(of_steps, &StepExtras::empty)) all.emplace(id, std::move(of_steps));
  }
  return all;
}

/// False when a snapshot has them of a step that it does not have.
bool restore(Durable& state, const JobExtras& all) {
  return std::ranges::all_of(all, [&state](const auto& entry) {
    const auto& [id, of_steps] = entry;
    const auto job = state.jobs.find(id);
    if (job == state.jobs.end() || of_steps.size() != job->second.steps.size()) return false;
    for (std::size_t i = 0; i < of_steps.size(); ++i)
      if (!set_extras(job->second.steps[i].spec, of_steps[i])) return false;
    return true;
  });
}

/// What the next attempts of one step's tasks have from earlier ones, as a snapshot keeps it.
struct Retries {
  std::map<TaskIndex, std::uint32_t> memory_mib;
  std::map<std::pair<TaskIndex, PartyId>, Checkpoint> checkpoints;
};
using StepRetries = std::map<StepRef, Retries>;

StepRetries step_retries(const Durable& state) {
  StepRetries all;
  for (const auto& [id, job] : state.jobs)
    for (StepIndex i = 0; i < job.steps.size(); ++i) {
      Retries retries{{}, job.steps[i].checkpoints};
      for (const auto& [task, open] : job.steps[i].open)
        if (open.memory_mib > 0) retries.memory_mib.emplace(task, open.memory_mib);
      if (!retries.memory_mib.empty() || !retries.checkpoints.empty())
        all.emplace(StepRef{id, i}, std::move(retries));
    }
  return all;
}

/// False when a snapshot has them of a step or a task that it does not have.
bool restore(Durable& state, const StepRetries& all) {
  return std::ranges::all_of(all, [&state](const auto& entry) {
    StepState* step = state.find_step(entry.first);
    if (step == nullptr) return false;
    for (const auto& [task, memory_mib] : entry.second.memory_mib) {
      const auto open = step->open.find(task);
      if (open == step->open.end()) return false;
      open->second.memory_mib = memory_mib;
    }
    step->checkpoints = entry.second.checkpoints;
    return true;
  });
}

/// What tasks to come of iterating steps go on from, as a snapshot keeps it.
using StepsPassed = std::map<StepRef, std::map<TaskIndex, Passed>>;

StepsPassed steps_passed(const Durable& state) {
  StepsPassed all;
  for (const auto& [id, job] : state.jobs)
    for (StepIndex i = 0; i < job.steps.size(); ++i)
      if (!job.steps[i].passed.empty()) all.emplace(StepRef{id, i}, job.steps[i].passed);
  return all;
}

/// False when a snapshot has them of a step that it does not have.
bool restore(Durable& state, const StepsPassed& all) {
  return std::ranges::all_of(all, [&state](const auto& entry) {
    StepState* step = state.find_step(entry.first);
    if (step != nullptr) step->passed = entry.second;
    return step != nullptr;
  });
}

template <class... S>
void read_sections(Reader& a, S&... sections) {
  ((a.at_end() ? void() : a(sections)), ...);
}

/// Up to the last that holds something.
template <class... S>
void write_sections(Writer& a, const S&... sections) {
  const std::array empty{sections.empty()...};
  std::size_t end = empty.size();
  while (end > 0 && empty[end - 1])
    --end;
  std::size_t at = 0;
  ((at++ < end ? a(sections) : void()), ...);
}

template <class A>
void fields(A& a, Retries& r) {
  a(r.memory_mib, r.checkpoints);
}

}  // namespace

template <class A>
void fields(A& a, Checkpoint& c) {
  a(c.attempt, c.blob, c.size_bytes);
}
template <class A>
void fields(A& a, Passed& p) {
  a(p.blob, p.size_bytes);
}
template <class A>
void fields(A& a, Token& t) {
  a(t.secret_digest, t.role, t.owner, t.uses_left, t.expires, t.credits, t.delegation);
}
template <class A>
void fields(A& a, Party& p) {
  a(p.role, p.identity, p.transport, p.sequence, p.name, p.revoked);
}
template <class A>
void fields(A& a, AgentRecord& r) {
  a(r.owner, r.role, r.identity, r.transport, r.sequence, r.name, r.revoked, r.paused);
}
template <class A>
void fields(A& a, Peer& p) {
  a(p.role, p.party, p.agent);
}
template <class A>
void fields(A& a, Unvested& u) {
  a(u.step, u.attempt, u.agent, u.slot, u.tasks, u.count, u.price, u.fee, u.accepted_before, u.at);
}
template <class A>
void fields(A& a, OwnerRecord& o) {
  a(o.accepted, o.validated, o.strikes, o.faults, o.convicted, o.unvested);
}
template <class A>
void fields(A& a, Recorded& r) {
  a(r.attempt, r.agent, r.owner, r.root, r.size_bytes, r.is_inline);
}
template <class A>
void fields(A&, Collecting&) {}
template <class A>
void fields(A& a, Disputed& d) {
  a(d.a, d.b, d.leaf, d.hash_a, d.hash_b);
}
template <class A>
void fields(A& a, Storing& s) {
  a(s.root, s.reserved);
}
template <class A>
void fields(A& a, Comparing& c) {
  a(c.a, c.b);
}
template <class A>
void fields(A& a, OpenTask& t) {
  a(t.attempts, t.needed, t.failures, t.failed_owners, t.phase);
}
template <class A>
void fields(A& a, StepState& s) {
  a(s.spec, s.task_price, s.opened, s.done, s.failed, s.slots, s.open);
}
template <class A>
void fields(A& a, Job& j) {
  a(j.requester, j.name, j.priority, j.verify, j.max_retries, j.max_price, j.after, j.steps, j.state,
    j.reason, j.out_of_funds, j.unvested, j.reopened, j.spent, j.submitted, j.ended);
}
template <class A>
void fields(A& a, Session::Run& r) {
  a(r.counter, r.result, r.count);
}
template <class A>
void fields(A& a, Session& s) {
  a(s.runs, s.last);
}
template <class A>
void fields(A& a, Durable& d) {
  a(d.name, d.policy, d.boot_epoch, d.latest, d.events, d.next_party, d.next_agent, d.next_job, d.tokens,
    d.parties, d.agents, d.peers, d.owners, d.ledger, d.jobs, d.ended_badly, d.sessions, d.settled_tasks);
  // What came later stands behind, and only where there is any: an older state reads on, and gives the same
  // bytes.
  if constexpr (A::kReading) {
    ComparedTasks compared;
    JobExtras extras;
    StepRetries retries;
    StepsPassed passed;
    read_sections(a, d.lent, compared, d.bit_classes, extras, retries, passed);
    if (a.ok() && !(restore(d, compared) && restore(d, extras) && restore(d, retries) && restore(d, passed)))
      a.fail();
  } else {
    write_sections(a, d.lent, compared_tasks(d), d.bit_classes, job_extras(d), step_retries(d),
                   steps_passed(d));
  }
}

const Job* Durable::find_job(JobId id) const {
  const auto found = jobs.find(id);
  return found == jobs.end() ? nullptr : &found->second;
}

Job* Durable::find_job(JobId id) {
  const auto found = jobs.find(id);
  return found == jobs.end() ? nullptr : &found->second;
}

const StepState* Durable::find_step(StepRef ref) const {
  const Job* job = find_job(ref.job);
  return job == nullptr || ref.step >= job->steps.size() ? nullptr : &job->steps[ref.step];
}

StepState* Durable::find_step(StepRef ref) {
  Job* job = find_job(ref.job);
  return job == nullptr || ref.step >= job->steps.size() ? nullptr : &job->steps[ref.step];
}

std::optional<std::uint64_t> remembered(const Durable& state, PartyId party, std::uint64_t session,
                                        std::uint64_t counter) {
  const auto found = state.sessions.find({party, session});
  if (found == state.sessions.end()) return std::nullopt;
  const auto& runs = found->second.runs;
  auto after = std::upper_bound(runs.begin(), runs.end(), counter,
                                [](std::uint64_t c, const Session::Run& run) { return c < run.counter; });
  if (after == runs.begin()) return std::nullopt;
  const Session::Run& run = *std::prev(after);
  if (counter - run.counter >= run.count) return std::nullopt;
  return run.result == 0 ? 0 : run.result + (counter - run.counter);
}

Bytes encode_state(const Durable& state) {
  return to_archive(state);
}

bool decode_state(ByteView bytes, Durable& state) {
  return from_archive(bytes, state);
}

}  // namespace reeve::core
