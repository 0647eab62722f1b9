#include "scheduler/shell/loop.h"

#include <algorithm>

#include "scheduler/shell/clock.h"

namespace reeve::shell {

Loop::Loop(Parts parts, Settings settings)
    : parts_(std::move(parts)), settings_(std::move(settings)), next_seq_(settings_.next_seq) {
  poller_.watch(parts_.socket.raw());
  commit_slot_ = poller_.watch(parts_.commits.wakeup());
  uploads_slot_ = poller_.watch(parts_.uploads.wakeup());
  tasks_slot_ = poller_.watch(parts_.tasks.wakeup());
  now_ = wall_now();
}

void Loop::step(const core::Input& input) {
  parts_.core.step(now_, input, output_);
  stepped_ = true;
}

void Loop::drain_socket() {
  std::size_t bytes = 0;
  for (int messages = 0; messages < kMessagesPerTurn && bytes < kBytesPerTurn; ++messages) {
    std::optional<net::Received> received = parts_.socket.try_receive();
    if (!received) return;
    bytes += received->payload.size();
    ++parts_.metrics.messages_received;
    parts_.metrics.bytes_received += received->payload.size();
    on_received(std::move(*received));
  }
}

void Loop::drain_threads() {
  if (poller_.ready(uploads_slot_))
    for (core::UploadFinished& upload : parts_.uploads.take_finished())
      step(core::Input(std::move(upload)));
  if (poller_.ready(tasks_slot_)) {
    for (LoopTasks::Outgoing& outgoing : parts_.tasks.take_outgoing())
      send_bytes(outgoing.to, outgoing.message);
    parts_.tasks.answer(parts_.core);
  }
  for (const AgentId agent : std::exchange(gone_, {}))
    step(core::Input(core::AgentGone{agent}));
}

void Loop::tick() {
  if (now_ < next_tick_ && now_ < parts_.core.next_deadline()) return;
  next_tick_ = now_ + kTickEvery;
  step(core::Input(core::Tick{}));
  parts_.metrics.connections = connections_.size();
  parts_.metrics.tasks_settled = parts_.core.durable().settled_tasks;
  const std::vector<core::AgentView> agents = parts_.core.agents();
  parts_.metrics.agents_online = static_cast<std::uint64_t>(
      std::count_if(agents.begin(), agents.end(), [](const auto& agent) { return agent.online; }));
}

/// Events go to the writer as one row; what they promise waits for them, the rest leaves now.
void Loop::ship_events() {
  if (!output_.events.empty()) {
    for (const core::Event& event : output_.events) {
      parts_.keys.follow(event);
      parts_.blobs.follow(event);
    }
    auto batch = std::make_shared<EventBatch>();
    batch->first_seq = next_seq_;
    batch->events = std::move(output_.events);
    next_seq_ += batch->events.size();
    parts_.metrics.events += batch->events.size();
    parts_.commits.append(std::move(batch));
  }
  for (core::Effect& effect : output_.effects) {
    if (core::waits_for_commit(effect))
      waiting_.push_back({next_seq_ - 1, std::move(effect)});
    else
      perform(effect);
  }
  output_.clear();
}

void Loop::release() {
  const std::uint64_t durable = parts_.commits.committed_seq();
  while (!waiting_.empty() && waiting_.front().seq <= durable) {
    perform(waiting_.front().effect);
    waiting_.pop_front();
  }
  flush_agents();
  flush_replies();
  parts_.metrics.effects_waiting = waiting_.size();
}

void Loop::take_in(core::StepOutput& output) {
  output_.events.insert(output_.events.end(), output.events.begin(), output.events.end());
  output_.effects.insert(output_.effects.end(), output.effects.begin(), output.effects.end());
  ship_events();
}

void Loop::turn(Duration patience) {
  const Duration until_tick = std::clamp(std::min(next_tick_, parts_.core.next_deadline()) - wall_now(),
                                         milliseconds(1), milliseconds(50));
  poller_.wait(std::min(patience, until_tick));
  const std::int64_t begin_ns = steady_ns();
  now_ = wall_now();
  if (poller_.ready(commit_slot_)) parts_.commits.wakeup().clear();
  drain_socket();
  drain_threads();
  tick();
  if (stepped_) parts_.core.step(now_, core::Input(core::Pump{}), output_);
  stepped_ = false;
  ship_events();
  release();
  parts_.metrics.count_turn(static_cast<std::uint64_t>(steady_ns() - begin_ns));
}

void Loop::goodbye_all() {
  while (!waiting_.empty()) {
    parts_.commits.flush();
    release();
  }
}

void Loop::run(const std::atomic<bool>& stop, const net::Wakeup& stop_wakeup) {
  poller_.watch(stop_wakeup);
  while (!stop.load(std::memory_order_relaxed))
    turn(kTickEvery);
  goodbye_all();
  parts_.tasks.close();
}

}  // namespace reeve::shell
