#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scheduler/core/core.h"

namespace reeve::core {

/// What an agent of these tests does with its work.
struct Habits {
  std::uint64_t lie = 0;         // 0: the truth; agents that tell the same lie agree
  std::uint32_t wrong_leaf = 0;  // where a lie differs from the truth
  std::uint64_t look = 0;  // results of another look have other bytes, but a comparator finds them alike
  bool reports = true;
  bool fails = false;
  bool opens = true;
  bool uploads = true;
  bool compares = true;
};

/// Work that an agent was given and has not answered.
struct Todo {
  AgentId agent;
  msg::Assignment assignment;
};

inline constexpr MicroCredits kPrice = 10'000;  // of a task of inline_job() and stored_job()
inline constexpr MicroCredits kFee = 500;       // of it, at the default policy
inline constexpr MicroCredits kNet = kPrice - kFee;

/// A region in memory with a clock of its own. Every step is followed by a Pump, and every invariant is
/// checked after both; agents do what their habits say when work() is called.
class RegionFixture : public ::testing::Test {
 protected:
  RegionFixture() { found(Policy{}); }

  /// Starts over with an empty region.
  void found(const Policy& policy);
  /// A policy under which one report is enough.
  static Policy trusting();
  /// A crash after the last commit: replays the journal, which must give the same state, and boots.
  void restart();

  // ---- who is there ----
  PartyId requester(const std::string& name, MicroCredits credits = 100 * kMicroPerCredit);
  PartyId owner(const std::string& name, MicroCredits stake = 0);
  AgentId enrol_agent(PartyId owner, const std::string& name, Role role = Role::kAgent);
  void connect(AgentId agent, std::uint32_t slots = 1, std::uint64_t credit = 10'000,
               const std::vector<msg::HeldAttempt>& held = {}, bool compares = false);
  /// Enrols and connects.
  AgentId join(PartyId owner, const std::string& name, std::uint32_t slots = 1);
  AgentId referee();
  /// A referee that can compare results of programs, and run none.
  AgentId comparer();
  static TransportKey key(const std::string& name);

  // ---- what is said ----
  using Answer = decltype(msg::Reply::body);
  Answer command(PartyId from, const decltype(msg::Command::body)& body);
  Answer repeat(PartyId from, const decltype(msg::Command::body)& body, std::uint8_t counter);
  Answer enrol(const std::string& token, const std::string& name, const std::string& secret = "right",
               bool binding_ok = true);
  Answer job_command(PartyId from, JobId job, msg::JobVerb verb, std::int32_t priority = 0);
  msg::CreateToken invitation(Role role, const std::string& token) const;
  JobId submit(PartyId requester, const JobSpec& spec);

  /// One step of `tasks` tasks with results of 32 bytes that travel in the report.
  static JobSpec inline_job(std::uint32_t tasks);
  /// As inline_job(), of a program whose results two owners must agree on.
  static JobSpec program_job(std::uint32_t tasks);
  /// As program_job(), where results are alike that a referee finds alike.
  static JobSpec compared_job(std::uint32_t tasks);
  /// One step of `tasks` tasks with results of four leaves that are uploaded.
  static JobSpec stored_job(std::uint32_t tasks);
  /// As stored_job(), whose tasks go on from each other's results.
  static JobSpec iterating_job(const Iteration& iteration);
  /// What answer_upload() stores a result of this root as.
  static Digest blob_of(const Digest& root);

  // ---- what happens ----
  void see(const Input& input);
  /// Time passes; connected agents renew what they hold.
  void pass(Duration time);
  /// Time passes without a word from anybody.
  void silence(Duration time);
  void beat(AgentId agent, const std::vector<AttemptId>& held);
  /// Agents do what they were asked until nobody has anything to do.
  void work();
  /// One agent answers everything that it was assigned.
  void report_all(AgentId agent);
  void report(const Todo& todo);
  std::vector<Todo> todo_of(AgentId agent) const;
  std::uint64_t tasks_held(AgentId agent) const;
  bool connected(AgentId agent) const;
  void answer_opening(const AskOpening& asked);
  /// `root` is what arrives; ok false when nothing does.
  void answer_upload(const AskUpload& asked, bool ok, const Digest& root);
  /// A task of this attempt says that it has left a checkpoint, told apart by `number`.
  void leave_checkpoint(const Todo& todo, TaskIndex task, std::uint8_t number,
                        std::uint64_t size_bytes = 1000);
  /// What was asked for last arrives.
  void answer_checkpoint();
  static Digest checkpoint_blob(std::uint8_t number);
  /// A task fails for this reason.
  void fail(const Todo& todo, msg::FailureReason reason);
  void answer_comparison(AgentId referee, const msg::ComparisonAssignment& asked);
  std::vector<Digest> leaves_of(StepRef step, TaskIndex task, const Habits& habits) const;
  core::ReportReceived report_of(const Todo& todo) const;

  // ---- what came of it ----
  template <class E>
  std::vector<E> events() const {
    std::vector<E> found;
    for (const Event& event : journal_)
      if (const auto* e = std::get_if<E>(&event)) found.push_back(*e);
    return found;
  }
  template <class E>
  std::vector<E> effects() const {
    std::vector<E> found;
    for (const Effect& effect : effects_)
      if (const auto* e = std::get_if<E>(&effect)) found.push_back(*e);
    return found;
  }
  const Durable& state() const { return core_->durable(); }
  const Job& job(JobId id) const { return state().jobs.at(id); }
  MicroCredits balance(AccountKind kind, std::uint64_t owner = 0) const {
    return state().ledger.account({kind, owner}).balance();
  }
  MicroCredits balance(AccountKind kind, PartyId owner) const { return balance(kind, owner.value()); }
  /// Owners of the recorded results of one task, in the order of their arrival.
  std::vector<PartyId> owners_that_ran(StepRef step, TaskIndex task) const;
  std::string explained(JobId id) const;

  PartyId operator_{1};
  Time now_;
  std::map<AgentId, Habits> habits_;
  std::map<AgentId, std::string> bit_classes_;        // what agents say; empty: nothing
  std::map<AgentId, std::vector<std::string>> tags_;  // none: an agent has none
  std::vector<Todo> todo_;
  std::vector<std::pair<AgentId, msg::LeafAssignment>> leaves_;
  std::vector<std::pair<AgentId, msg::ComparisonAssignment>> comparisons_;
  std::optional<msg::ComparisonVerdict> verdict_;  // of every referee; absent: what is so
  std::vector<AskOpening> openings_;
  std::vector<AskUpload> uploads_;
  std::vector<AskUpload> checkpoints_;  // asked for; nobody answers by himself
  std::vector<Event> journal_;
  std::vector<Effect> effects_;
  std::unique_ptr<Core> core_;
  Duration task_time_ = milliseconds(100);  // of one task

 private:
  void step(const Input& input);
  void take(const StepOutput& out);
  void perform(const Effect& effect);
  bool act_once();

  std::map<Digest, std::uint64_t> lies_;  // what the blobs that were uploaded tell
  std::uint64_t tokens_ = 0;
  std::uint8_t counter_ = 0;
  std::uint64_t session_ = 0;
  std::map<PartyId, TransportKey> party_keys_;
};

}  // namespace reeve::core
