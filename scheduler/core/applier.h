#pragma once

#include "scheduler/core/durable.h"

namespace reeve::core {

/// What an event that does not fit the state breaks. Thrown by the Applier, caught where it is called.
struct Misfit {
  std::string rule;
};

/// One overload an event; try_apply_event() is their only caller. Split over apply_*.cpp by the noun they
/// change.
class Applier {
 public:
  explicit Applier(Durable& state) : s_(state) {}

  // apply_parties.cpp
  void operator()(const RegionCreated& e);
  void operator()(const Booted& e);
  void operator()(const PolicyChanged& e);
  void operator()(const TokenIssued& e);
  void operator()(const PartyEnrolled& e);
  void operator()(const AgentEnrolled& e);
  void operator()(const Revoked& e);
  void operator()(const AgentPauseSet& e);
  void operator()(const Funded& e);
  void operator()(const SessionsExpired& e);
  void operator()(const BitClassSeen& e);

  // apply_jobs.cpp
  void operator()(const JobAccepted& e);
  void operator()(const StepOpened& e);
  void operator()(const EscrowHeld& e);
  void operator()(const JobPaused& e);
  void operator()(const JobResumed& e);
  void operator()(const JobPrioritySet& e);
  void operator()(const JobRetried& e);
  void operator()(const JobEnded& e);
  void operator()(const JobForgotten& e);
  void operator()(const JobReopened& e);
  void operator()(const JobPurged& e);

  // apply_tasks.cpp
  void operator()(const ResultsRecorded& e);
  void operator()(const AttemptFailed& e);
  void operator()(const TasksFailed& e);
  void operator()(const TasksVerified& e);
  void operator()(const StoreReserved& e);
  void operator()(const ResultStored& e);
  void operator()(const StoreAbandoned& e);
  void operator()(const TaskDisputed& e);
  void operator()(const LeafChosen& e);
  void operator()(const DisputeDecided& e);
  void operator()(const AttemptRejected& e);
  void operator()(const ComparisonOpened& e);
  void operator()(const CandidateStored& e);
  void operator()(const ComparisonDecided& e);
  void operator()(const CheckpointStored& e);
  void operator()(const ResultsSpent& e);

  // apply_money.cpp
  void operator()(const Settled& e);
  void operator()(const Vested& e);
  void operator()(const OwnerConvicted& e);

 private:
  static void require(bool holds, const char* rule) {
    if (!holds) throw Misfit{rule};
  }
  void post(const Chain& chain);
  static void require_tasks(const StepState& step, TaskRange tasks);
  /// Tasks that are over have no next attempt.
  static void drop_checkpoints(StepState& step, TaskRange tasks);
  Job& job(JobId id);
  StepState& step(StepRef ref);
  OpenTask& open_task(StepRef ref, TaskIndex task);
  /// An iterating step of which a result was lost that others went on from begins anew.
  void start_over(StepRef ref);
  void remember(const CommandRef& command);
  void saw(Time at);
  /// Takes an attempt out of a task; a task that is like a fresh one again leaves the open ones.
  void drop_attempt(StepRef ref, TaskIndex task, AttemptId attempt);

  Durable& s_;
};

}  // namespace reeve::core
