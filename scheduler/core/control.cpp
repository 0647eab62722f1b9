#include <algorithm>

#include "protocol/limits.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

constexpr std::size_t kSubscribersPerJob = 16;

std::uint64_t big_endian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i)
    value = value << 8 | bytes[i];
  return value;
}

CommandRef ref_of(PartyId party, const msg::RequestId& request, Time at) {
  return {party, big_endian(request.data()), big_endian(request.data() + 8), 0, at};
}

/// The job that a command names, if this peer may touch it; else the refusal went out.
const Job* job_for(Region& region, const CommandReceived& input, JobId id) {
  const Peer& peer = region.durable.peers.at(input.key);
  const Job* job = region.durable.find_job(id);
  if (job == nullptr || (peer.role != Role::kOperator && job->requester != peer.party)) {
    const bool ended = job == nullptr && id.valid() && id.value() < region.durable.next_job;
    refuse(region, input,
           {ErrorCode::kNotFound,
            "job " + std::to_string(id.value()) + (ended ? " has ended for good" : " does not exist"),
            "`reeve job list` shows your jobs"});
    return nullptr;
  }
  return job;
}

void refuse_state(Region& region, const CommandReceived& input, JobId id, const char* what) {
  refuse(region, input,
         {ErrorCode::kConflict, "job " + std::to_string(id.value()) + " " + what,
          "`reeve job info` shows its state"});
}

void reindex(Region& region, JobId id) {
  const Job* job = region.durable.find_job(id);
  for (StepIndex i = 0; i < job->steps.size(); ++i)
    index_queue(region, {id, i});
}

void set_priority(Region& region, const CommandReceived& input, const msg::JobCommand& command,
                  const CommandRef& ref) {
  if (command.priority < -100 || command.priority > 100)
    return refuse(region, input,
                  {ErrorCode::kInvalid,
                   "priority " + std::to_string(command.priority) + " is not within -100 and 100", ""});
  const Job& job = *region.durable.find_job(command.job);
  for (auto& [need, steps] : region.live.ready[job.requester])
    std::erase_if(steps, [&command](const auto& entry) { return entry.second.job == command.job; });
  std::erase_if(region.live.ready[job.requester], [](const auto& entry) { return entry.second.empty(); });
  if (region.live.ready[job.requester].empty()) region.live.ready.erase(job.requester);
  region.emit(JobPrioritySet{command.job, command.priority, ref});
  reindex(region, command.job);
  reply(region, input.from, input.command.request, msg::Done{});
}

void resume(Region& region, const CommandReceived& input, JobId id, const CommandRef& ref) {
  region.live.unfunded.erase(id);
  region.emit(JobResumed{id, ref});
  reindex(region, id);
  open_ready_steps(region, id);
  finish_if_done(region, id);
  reply(region, input.from, input.command.request, msg::Done{});
}

void retry_failed(Region& region, const CommandReceived& input, JobId id, const CommandRef& ref) {
  region.live.ended_badly.erase({region.durable.find_job(id)->ended, id});
  clear_blocklist(region, id);
  region.emit(JobRetried{id, ref});
  ++region.live.open_jobs[region.durable.find_job(id)->requester];
  rebuild_queues(region, id);
  open_ready_steps(region, id);
  reply(region, input.from, input.command.request, msg::Done{});
}

/// A job that the state has forgotten is known to the view alone, which deletes nothing of anybody else's.
void forget(Region& region, const CommandReceived& input, JobId id, const CommandRef& ref) {
  const Job* job = region.durable.find_job(id);
  if (job != nullptr && job->live())
    return refuse(region, input,
                  {ErrorCode::kConflict, "job " + std::to_string(id.value()) + " has not ended",
                   "`reeve job cancel` it first"});
  region.emit(JobPurged{id, ref});
  reply(region, input.from, input.command.request, msg::Done{});
}

void job_command(Region& region, const CommandReceived& input, const msg::JobCommand& command,
                 const CommandRef& ref) {
  const bool ended_for_good = command.job.valid() && command.job.value() < region.durable.next_job &&
                              region.durable.find_job(command.job) == nullptr;
  if (command.verb == msg::JobVerb::kForget && ended_for_good) return forget(region, input, command.job, ref);
  const Job* job = job_for(region, input, command.job);
  if (job == nullptr) return;
  switch (command.verb) {
    case msg::JobVerb::kCancel:
      if (!job->live()) return refuse_state(region, input, command.job, "has ended already");
      end_job(region, command.job, msg::JobState::kCancelled, command.reason.substr(0, limits::kTextBytes),
              ref);
      return reply(region, input.from, input.command.request, msg::Done{});
    case msg::JobVerb::kPause:
      if (!job->live() || job->state == msg::JobState::kPaused)
        return refuse_state(region, input, command.job, "does not run");
      region.emit(JobPaused{command.job, command.reason.substr(0, limits::kTextBytes), false, ref});
      reindex(region, command.job);
      return reply(region, input.from, input.command.request, msg::Done{});
    case msg::JobVerb::kResume:
      if (job->state != msg::JobState::kPaused)
        return refuse_state(region, input, command.job, "is not paused");
      return resume(region, input, command.job, ref);
    case msg::JobVerb::kRetryFailed:
      if (job->state != msg::JobState::kFailed)
        return refuse_state(region, input, command.job, "has not failed");
      return retry_failed(region, input, command.job, ref);
    case msg::JobVerb::kSetPriority:
      if (!job->live()) return refuse_state(region, input, command.job, "has ended already");
      return set_priority(region, input, command, ref);
    case msg::JobVerb::kForget: return forget(region, input, command.job, ref);
  }
}

/// Answers a command that was done before; it does nothing twice.
bool answer_from_memory(Region& region, const CommandReceived& input, const CommandRef& ref) {
  const auto known = remembered(region.durable, ref.party, ref.session, ref.counter);
  if (!known) return false;
  if (*known != 0)
    reply(region, input.from, input.command.request, msg::Accepted{JobId(*known), 0, 0});
  else
    reply(region, input.from, input.command.request, msg::Done{});
  return true;
}

}  // namespace

void reply(Region& region, ConnectionId to, const msg::RequestId& request, decltype(msg::Reply::body) body) {
  region.effect(SendReply{to, {request, std::move(body)}});
}

void refuse(Region& region, const CommandReceived& input, Error error) {
  reply(region, input.from, input.command.request, std::move(error));
}

void on_command(Region& region, const CommandReceived& input) {
  const auto peer = region.durable.peers.find(input.key);
  if (peer == region.durable.peers.end() || region.durable.parties.at(peer->second.party).revoked)
    return refuse(
        region, input,
        {ErrorCode::kNotAllowed, "this key has no rights here", "use an invitation: `reeve login`"});
  const Role role = peer->second.role;
  if (role == Role::kAgent || role == Role::kReferee)
    return refuse(region, input,
                  {ErrorCode::kNotAllowed, "an agent's key gives no commands", "use the owner's key"});
  const CommandRef ref = ref_of(peer->second.party, input.command.request, region.now);
  if (answer_from_memory(region, input, ref)) return;
  std::visit(
      [&](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, msg::SubmitJob>) submit(region, input, body, ref);
        if constexpr (std::is_same_v<Body, msg::JobCommand>) job_command(region, input, body, ref);
        if constexpr (std::is_same_v<Body, msg::CreateToken>) create_token(region, input, body, ref);
        if constexpr (std::is_same_v<Body, msg::Fund>) fund(region, input, body, ref);
        if constexpr (std::is_same_v<Body, msg::Revoke>) revoke(region, input, body, ref);
        if constexpr (std::is_same_v<Body, msg::SetAgentPaused>) set_agent_paused(region, input, body, ref);
      },
      input.command.body);
}

void on_subscribe(Region& region, const SubscribeReceived& input) {
  const auto peer = region.durable.peers.find(input.key);
  const Job* job = region.durable.find_job(input.job);
  if (peer == region.durable.peers.end() || job == nullptr) return;
  if (peer->second.role != Role::kOperator && job->requester != peer->second.party) return;
  auto& subscribers = region.live.subscribers[input.job];
  std::erase(subscribers, input.from);
  if (input.on) {
    if (subscribers.size() >= kSubscribersPerJob) subscribers.erase(subscribers.begin());
    subscribers.push_back(input.from);
    notify_job(region, input.job);
  }
  if (subscribers.empty() || !job->live()) region.live.subscribers.erase(input.job);
}

}  // namespace reeve::core
