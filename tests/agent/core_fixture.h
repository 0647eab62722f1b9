#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/core/agent_core.h"
#include "agent/core/bounds.h"

namespace reeve::agent {

/// An agent's core with time and messages in the test's hands.
class CoreFixture : public ::testing::Test {
 protected:
  static constexpr StepRef kStep{JobId(7), 0};

  void boot(std::uint32_t slots = 1, std::vector<SpooledSection> recovered = {}) {
    AgentOptions options;
    options.name = "rig01";
    options.slots = slots;
    options.seed = 42;
    core_ = std::make_unique<AgentCore>(options);
    step(Started{std::move(recovered)});
  }
  /// Connected, with every worker up.
  void boot_connected(std::uint32_t slots = 1, std::vector<SpooledSection> recovered = {}) {
    boot(slots, std::move(recovered));
    connect();
    for (SlotIndex i = 0; i < slots; ++i)
      step(SlotUp{i});
  }
  void connect() {
    msg::Welcome welcome;
    welcome.region = "home";
    welcome.agent = AgentId(3);
    welcome.role = Role::kAgent;
    step(ConnectionUp{welcome});
  }
  /// What the input leads to; also kept in `all_`.
  const Effects& step(Input input) {
    last_ = core_->step(now_, std::move(input));
    all_.insert(all_.end(), last_.begin(), last_.end());
    return last_;
  }
  const Effects& wait(Duration length) {
    now_ = now_ + length;
    return step(Tick{});
  }

  static msg::StepInfo step_info(std::vector<Digest> inputs = {}, std::uint32_t leaf_bytes = 0) {
    msg::StepInfo info;
    info.step = kStep;
    info.kernel = {"sha256", 1};
    info.leaf_bytes = leaf_bytes;
    info.inputs = std::move(inputs);
    return info;
  }
  const Effects& assign(std::uint64_t attempt, TaskRange tasks, const msg::StepInfo& info) {
    msg::Assignment assignment{AttemptId(attempt), kStep, tasks, 0, seconds(30), {}};
    return step(Received{msg::Assign{{info}, {assignment}, {}, {}}});
  }
  const Effects& assign(std::uint64_t attempt, TaskRange tasks) {
    return assign(attempt, tasks, step_info());
  }

  static msg::InlineResults results(std::uint32_t tasks) {
    return {std::vector<std::uint32_t>(tasks, 4), Bytes(4 * std::size_t{tasks}, 1)};
  }
  /// The worker finishes the first `tasks` tasks of what it was handed.
  const Effects& finish(const RunBatch& run, TaskRange tasks, Duration spent = milliseconds(1)) {
    return step(
        TasksFinished{run.slot, run.batch, run.items.front().attempt, tasks, results(tasks.count), spent});
  }
  const Effects& ack(std::uint64_t attempt, TaskRange tasks,
                     msg::SectionStatus status = msg::SectionStatus::kRecorded) {
    return step(Received{msg::ReportAck{{{AttemptId(attempt), tasks, status, ""}}}});
  }

  template <class T>
  static std::vector<T> only(const Effects& effects) {
    std::vector<T> found;
    for (const Effect& effect : effects) {
      if (const T* wanted = std::get_if<T>(&effect)) found.push_back(*wanted);
    }
    return found;
  }
  template <class T>
  std::vector<T> last() const {
    return only<T>(last_);
  }
  /// Messages of type T that were sent by the last step.
  template <class T>
  std::vector<T> sent() const {
    return messages<T>(last_);
  }
  template <class T>
  static std::vector<T> messages(const Effects& effects) {
    std::vector<T> found;
    for (const Send& send : only<Send>(effects)) {
      if (const T* wanted = std::get_if<T>(&send.message)) found.push_back(*wanted);
    }
    return found;
  }
  /// Sections of all reports of the last step.
  std::vector<msg::ReportSection> reported() const {
    std::vector<msg::ReportSection> sections;
    for (const SendReport& report : last<SendReport>())
      sections.insert(sections.end(), report.report.sections.begin(), report.report.sections.end());
    return sections;
  }

  Time now_{1'000'000'000'000};
  std::unique_ptr<AgentCore> core_;
  Effects last_;
  Effects all_;
};

}  // namespace reeve::agent
