#pragma once

#include "scheduler/shell/view_statements.h"

namespace reeve::shell {

/// The rows of one event. Called before the shadow changes, because a conviction's rows need what it recalls.
struct ViewDatabase::Recorder {
  ViewDatabase& view;
  std::uint64_t seq;

  /// Events that only change the state, or a job's row.
  template <class Event>
  Result<void> operator()(const Event&) {
    return {};
  }
  Result<void> operator()(const core::PartyEnrolled& e);
  Result<void> operator()(const core::RegionCreated& e);
  Result<void> operator()(const core::AgentEnrolled& e);
  Result<void> operator()(const core::Funded& e);
  Result<void> operator()(const core::JobAccepted& e);
  Result<void> operator()(const core::StepOpened& e);
  Result<void> operator()(const core::EscrowHeld& e);
  Result<void> operator()(const core::JobPaused& e);
  Result<void> operator()(const core::JobResumed& e);
  Result<void> operator()(const core::JobPrioritySet& e);
  Result<void> operator()(const core::JobRetried& e);
  Result<void> operator()(const core::JobEnded& e);
  Result<void> operator()(const core::JobForgotten& e);
  Result<void> operator()(const core::JobReopened& e);
  Result<void> operator()(const core::JobPurged& e);
  Result<void> operator()(const core::ResultsRecorded& e);
  Result<void> operator()(const core::AttemptFailed& e);
  Result<void> operator()(const core::TasksFailed& e);
  Result<void> operator()(const core::StoreReserved& e);
  Result<void> operator()(const core::ResultStored& e);
  Result<void> operator()(const core::StoreAbandoned& e);
  Result<void> operator()(const core::TaskDisputed& e);
  Result<void> operator()(const core::LeafChosen& e);
  Result<void> operator()(const core::DisputeDecided& e);
  Result<void> operator()(const core::AttemptRejected& e);
  Result<void> operator()(const core::ComparisonDecided& e);
  Result<void> operator()(const core::ResultsSpent& e);
  Result<void> operator()(const core::Settled& e);
  Result<void> operator()(const core::Vested& e);
  Result<void> operator()(const core::OwnerConvicted& e);

 private:
  /// Where a chain belongs, for whoever asks for a history.
  struct Belongs {
    StepRef step;
    TaskRange tasks;
    AttemptId attempt;
    PartyId party;
  };
  Result<void> chain(const core::Chain& entries, Time at, const Belongs& belongs);
  /// Takes out the results that `rows` gives, and says whose blobs they were.
  Result<std::vector<Digest>> blobs(Statement& rows);
  PartyId requester_of(JobId job) const;
  std::uint64_t recomputed_by(PartyId owner) const;
  Statements& put() { return *view.statements_; }
};

}  // namespace reeve::shell
