#include <algorithm>

#include "agent/core/agent_core.h"

namespace reeve::agent {

AgentStatus AgentCore::status() const {
  AgentStatus status = totals_;
  status.connected = link_ == Link::kUp;
  status.region = welcome_.region;
  status.agent = welcome_.agent;
  status.role = welcome_.role;
  status.last_heard = last_heard_;
  status.last_error = last_error_;
  status.paused = paused_;
  status.paused_until = paused_until_;
  status.stopping = stopping_;
  status.slots = options_.slots;
  status.slots_up = slots_up();
  status.slots_busy = static_cast<std::uint32_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.batches.empty(); }));
  status.tasks_in_hand = in_hand_;
  status.tasks_unacked = outbox_.unacked_tasks();
  status.spooled_bytes = outbox_.spooled_bytes();
  status.task_time = pace_.task();
  status.why_idle = why_idle();
  return status;
}

std::string AgentCore::why_idle() const {
  if (!idle()) return "";
  if (stopping_) return "it is stopping";
  if (link_ != Link::kUp)
    return last_error_.empty() ? "it is connecting to its region" : "it is not connected: " + last_error_;
  if (paused_) return "it is paused; `reeve agent resume` wakes it";
  if (slots_up() == 0) return "no worker process runs; see the log for why";
  if (outbox_.spooled_bytes() >= options_.spool_bytes)
    return "its spool is full of results that the region has not released yet";
  if (queue_.any_waiting()) return "it is fetching the inputs of its tasks";
  return "the region has sent it no work: nothing is queued that this agent fits (`reeve job explain`)";
}

}  // namespace reeve::agent
