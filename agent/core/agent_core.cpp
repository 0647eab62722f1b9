#include "agent/core/agent_core.h"

#include <algorithm>

#include "agent/core/bounds.h"

namespace reeve::agent {

AgentCore::AgentCore(AgentOptions options)
    : options_(std::move(options)),
      backoff_(options_.seed),
      pace_(options_.pacing.credit_tasks),
      outbox_(options_.pacing.report_tasks),
      slots_(options_.slots) {}

Effects AgentCore::step(Time now, Input input) {
  now_ = now;
  effects_.clear();
  if (link_ == Link::kOver) return {};
  std::visit([this](const auto& in) { on(in); }, input);
  look_at_time();
  advance_comparisons();
  place();
  flush();
  grant_credit();
  settle_down();
  return std::move(effects_);
}

Time AgentCore::next_deadline() const {
  Time soonest = outbox_.next_deadline(link_ == Link::kUp);
  if (link_ == Link::kOver) return {INT64_MAX};
  if (link_ == Link::kUp) {
    soonest = std::min(soonest, next_heartbeat_);
  } else {
    if (!stopping_) soonest = std::min(soonest, link_deadline_);
    if (!leases_.empty()) soonest = std::min(soonest, next_expiry_);
  }
  if (paused_until_) soonest = std::min(soonest, *paused_until_);
  if (stopping_) soonest = std::min(soonest, stop_deadline_);
  return std::min(soonest, soonest_comparison());
}

void AgentCore::on(const Started& in) {
  started_ = true;
  adopt(in.recovered);
  link_deadline_ = now_;
}

void AgentCore::on(const Received& in) {
  last_heard_ = now_;
  std::visit(
      [this](const auto& message) {
        if constexpr (requires { receive(message); }) receive(message);
      },
      in.message);
}

void AgentCore::on(const Tick&) {}

void AgentCore::on(const PauseRequested& in) {
  paused_ = true;
  paused_until_.reset();
  if (in.length) paused_until_ = now_ + *in.length;
  hand_back_everything("the agent was paused before this task began");
  log(Severity::kInfo, "paused: running tasks finish, no new ones are taken");
  send_heartbeat();
}

void AgentCore::on(const ResumeRequested&) {
  if (!paused_) return;
  paused_ = false;
  paused_until_.reset();
  log(Severity::kInfo, "resumed");
  send_heartbeat();
}

void AgentCore::on(const StopRequested&) {
  if (stopping_) return;
  stopping_ = true;
  stop_deadline_ = now_ + bounds::kStopPatience;
  log(Severity::kInfo, "stopping: reporting what is done, handing back the rest");
  hand_back_everything("the agent is stopping");
  for (SlotIndex i = 0; i < slots_.size(); ++i) {
    for (const Batch& batch : slots_[i].batches)
      effects_.push_back(CancelBatch{i, batch.id, bounds::kStopNotice});
  }
}

void AgentCore::receive(const msg::ReportAck& message) {
  for (const msg::ReportAck::Item& item : message.items) {
    const bool recorded = item.status == msg::SectionStatus::kRecorded;
    const std::uint32_t ended = recorded ? outbox_.acknowledge(item.attempt, item.tasks, true, effects_)
                                         : outbox_.drop(item.attempt, item.tasks, effects_);
    if (recorded) totals_.tasks_recorded += ended;
    if (item.status == msg::SectionStatus::kRefused)
      log(Severity::kWarning,
          "the region refused a report of " + std::to_string(item.tasks.count) + " tasks: " + item.why);
    if (const auto lease = leases_.find(item.attempt); lease != leases_.end()) close(lease->second, ended);
  }
}

void AgentCore::receive(const msg::OpeningRequest& message) {
  const SpooledSection* held = outbox_.find(message.attempt, message.task);
  if (!held || std::holds_alternative<msg::FailedTasks>(held->section.outcome)) {
    log(Severity::kWarning, "the region asks to open a result that is not here any more; refused");
    effects_.push_back(Send{msg::Opening{message.attempt, message.step, message.task, {}}});
    return;
  }
  AnswerOpening answer{message, held->leaf_bytes, std::nullopt};
  if (const auto* inlined = std::get_if<msg::InlineResults>(&held->section.outcome)) {
    std::size_t begin = 0;
    const std::uint32_t offset = message.task - held->section.tasks.first;
    for (std::uint32_t i = 0; i < offset; ++i)
      begin += inlined->sizes[i];
    const auto first = inlined->payload.begin() + static_cast<std::ptrdiff_t>(begin);
    answer.payload.emplace(first, first + inlined->sizes[offset]);
  }
  effects_.push_back(std::move(answer));
}

void AgentCore::receive(const msg::UploadRequest& message) {
  if (message.checkpoint) return upload_checkpoint(message);
  const SpooledSection* held = outbox_.find(message.attempt, message.task);
  if (held && std::holds_alternative<msg::RootedResults>(held->section.outcome)) {
    effects_.push_back(Upload{message});
  } else {
    log(Severity::kWarning, "the region asks for a result that is not here any more");
  }
}

void AgentCore::receive(const msg::Verdicts& message) {
  for (const msg::Verdicts::Item& item : message.items) {
    switch (item.kind) {
      case msg::VerdictKind::kSettled:
        totals_.tasks_accepted += item.tasks.count;
        totals_.accepted += item.amount;
        break;
      case msg::VerdictKind::kRejected:
        totals_.tasks_rejected += item.tasks.count;
        log(Severity::kWarning,
            "the region rejected results of " + std::to_string(item.tasks.count) + " tasks of this agent");
        break;
      case msg::VerdictKind::kReleased: {
        const std::uint32_t unacked = outbox_.drop(item.attempt, item.tasks, effects_);
        if (const auto lease = leases_.find(item.attempt); lease != leases_.end())
          close(lease->second, unacked);
        break;
      }
    }
  }
}

void AgentCore::receive(const msg::Goodbye& message) {
  if (message.why.code == ErrorCode::kNotAllowed) {
    end(message.why);
  } else {
    effects_.push_back(Disconnect{});
    lose(message.why);
  }
}

}  // namespace reeve::agent
