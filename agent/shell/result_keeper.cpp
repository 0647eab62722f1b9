#include "agent/shell/result_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "agent/shell/files.h"
#include "protocol/leaves.h"
#include "protocol/limits.h"

namespace reeve::agent {
namespace {

SlotIndex slot_of(const RunnerEvent& event) {
  return std::visit([](const auto& e) { return e.slot; }, event);
}

/// Small results travel in the report, unless the region wants to ask for them one by one.
bool is_small(const TaskOutput& output, std::uint32_t size_bytes) {
  return !output.step->rooted && size_bytes <= limits::kInlineResultBytes;
}

bool all_small(const TaskOutput& output) {
  return std::all_of(output.sizes.begin(), output.sizes.end(),
                     [&output](std::uint32_t size_bytes) { return is_small(output, size_bytes); });
}

/// Stores one large result; what the core hears of it.
Input keep_large(Spool& spool, const TaskOutput& output, TaskIndex task, ByteView result, Duration spent) {
  const std::uint32_t leaf_bytes = output.step->leaf_bytes;
  const auto fail = [&](std::string why) {
    return TaskFailed{output.slot,   output.batch, output.attempt, task, msg::FailureReason::kRefused,
                      std::move(why)};
  };
  if (!leaf_table_fits(result.size(), leaf_bytes))
    return fail("the result has too many leaves: " + std::to_string(leaf_count(result.size(), leaf_bytes)));
  if (const auto stored = spool.store(output.attempt, task, result); !stored)
    return fail(stored.error().message);
  msg::RootedResults rooted{{result_root(result, leaf_bytes)}, {result.size()}};
  return TasksFinished{output.slot, output.batch, output.attempt, {task, 1}, std::move(rooted), spent};
}

/// Results as the core knows them: runs of small ones inline, large ones in the spool.
void keep(Spool& spool, const TaskOutput& output, std::vector<Input>& inputs) {
  const auto part_of = [&output](std::uint32_t tasks) {
    return Duration{output.spent.ns * tasks / std::max(output.tasks.count, 1U)};
  };
  std::size_t offset = 0;
  std::uint32_t i = 0;
  while (i < output.tasks.count) {
    const TaskIndex first = output.tasks.first + i;
    msg::InlineResults small;
    const std::size_t begin = offset;
    while (i < output.tasks.count && is_small(output, output.sizes[i])) {
      small.sizes.push_back(output.sizes[i]);
      offset += output.sizes[i++];
    }
    const auto count = static_cast<std::uint32_t>(small.sizes.size());
    if (count > 0) {
      const auto at = output.payload.begin();
      small.payload.assign(at + static_cast<std::ptrdiff_t>(begin), at + static_cast<std::ptrdiff_t>(offset));
      inputs.push_back(TasksFinished{
          output.slot, output.batch, output.attempt, {first, count}, std::move(small), part_of(count)});
      continue;
    }
    const ByteView result = ByteView(output.payload).subspan(offset, output.sizes[i]);
    inputs.push_back(keep_large(spool, output, first, result, part_of(1)));
    offset += output.sizes[i++];
  }
}

msg::Opening open_result(const Spool& spool, const AnswerOpening& effect) {
  const msg::OpeningRequest& request = effect.request;
  msg::Opening opening{request.attempt, request.step, request.task, {}};
  if (effect.payload) {
    opening.leaf_hashes = result_leaves(*effect.payload, effect.leaf_bytes);
  } else if (const auto result = read_file(spool.file_of(request.attempt, request.task))) {
    opening.leaf_hashes = result_leaves(result.value(), effect.leaf_bytes);
  } else {
    spdlog::error("cannot open a disputed result: {}", result.error().message);
  }
  return opening;
}

}  // namespace

ResultKeeper::~ResultKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void ResultKeeper::take(RunnerEvent event, std::vector<Input>& inputs) {
  const SlotIndex slot = slot_of(event);
  auto* output = std::get_if<TaskOutput>(&event);
  if (output && !all_small(*output)) {
    const std::uint64_t bytes = output->payload.size();
    lines_[slot].emplace_back();
    return put(std::move(*output), bytes);
  }
  if (const auto line = lines_.find(slot); line != lines_.end()) {
    line->second.push_back(std::move(event));
    return;
  }
  std::visit(
      [&](auto& e) {
        if constexpr (std::is_same_v<std::decay_t<decltype(e)>, TaskOutput>) {
          keep(spool_, e, inputs);
        } else {
          inputs.push_back(std::move(e));
        }
      },
      event);
}

void ResultKeeper::open(AnswerOpening effect) {
  put(std::move(effect), 0);
}

void ResultKeeper::put(Work work, std::uint64_t bytes) {
  waiting_bytes_ += bytes;
  {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(std::move(work), bytes);
  }
  work_.notify_one();
}

ResultKeeper::Finished ResultKeeper::pump() {
  wakeup_.clear();
  std::deque<Done> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(done_);
  }
  Finished all;
  for (Done& one : done) {
    waiting_bytes_ -= one.bytes;
    std::move(one.finished.inputs.begin(), one.finished.inputs.end(), std::back_inserter(all.inputs));
    std::move(one.finished.openings.begin(), one.finished.openings.end(), std::back_inserter(all.openings));
    if (one.slot) move_on(*one.slot, all.inputs);
  }
  return all;
}

/// The first result of a slot's line is kept: what waited behind it follows, up to the next one.
void ResultKeeper::move_on(SlotIndex slot, std::vector<Input>& inputs) {
  auto line = lines_.extract(slot);
  REEVE_CHECK(!line.empty() && !line.mapped().front(), "a kept result had a place in its slot's line");
  auto& waiting = line.mapped();
  waiting.pop_front();
  while (!waiting.empty() && waiting.front()) {
    take(std::move(*waiting.front()), inputs);
    waiting.pop_front();
  }
  if (!waiting.empty()) lines_.insert(std::move(line));
}

void ResultKeeper::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    auto [work, bytes] = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    Done done = perform(work);
    done.bytes = bytes;
    lock.lock();
    done_.push_back(std::move(done));
    wakeup_.wake();
  }
}

ResultKeeper::Done ResultKeeper::perform(Work& work) const {
  Done done;
  if (const auto* output = std::get_if<TaskOutput>(&work)) {
    done.slot = output->slot;
    keep(spool_, *output, done.finished.inputs);
  } else {
    done.finished.openings.push_back(open_result(spool_, std::get<AnswerOpening>(work)));
  }
  return done;
}

}  // namespace reeve::agent
