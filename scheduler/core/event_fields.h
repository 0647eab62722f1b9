#pragma once

#include "protocol/archive.h"
#include "scheduler/core/events.h"
#include "scheduler/core/step_extras.h"

/// The fields of every event in the order in which they are stored. The order is the format: see
/// docs/formats.
namespace reeve::core {

template <class A>
void fields(A& a, CommandRef& e) {
  a(e.party, e.session, e.counter, e.result, e.at);
}
template <class A>
void fields(A& a, RegionCreated& e) {
  a(e.name, e.policy, e.operator_identity, e.operator_transport, e.at);
}
template <class A>
void fields(A& a, Booted& e) {
  a(e.epoch, e.at);
}
template <class A>
void fields(A& a, PolicyChanged& e) {
  a(e.policy);
}
template <class A>
void fields(A& a, TokenIssued& e) {
  a(e.id, e.secret_digest, e.role, e.owner, e.uses, e.expires, e.credits, e.delegation, e.command);
}
template <class A>
void fields(A& a, PartyEnrolled& e) {
  a(e.party, e.role, e.identity, e.transport, e.sequence, e.name, e.token_id, e.chain, e.at);
}
template <class A>
void fields(A& a, AgentEnrolled& e) {
  a(e.agent, e.owner, e.role, e.identity, e.transport, e.sequence, e.name, e.token_id, e.at);
}
template <class A>
void fields(A& a, Revoked& e) {
  a(e.token_id, e.party, e.agent, e.command);
}
template <class A>
void fields(A& a, AgentPauseSet& e) {
  a(e.agent, e.paused, e.command);
}
template <class A>
void fields(A& a, Funded& e) {
  a(e.party, e.chain, e.command);
}
template <class A>
void fields(A& a, JobAccepted& e) {
  a(e.job, e.requester, e.spec, e.task_price, e.at, e.command);
  extras_at_end(a, e.spec.steps);
}
template <class A>
void fields(A& a, StepOpened& e) {
  a(e.step);
}
template <class A>
void fields(A& a, EscrowHeld& e) {
  a(e.job, e.chain);
}
template <class A>
void fields(A& a, JobPaused& e) {
  a(e.job, e.reason, e.out_of_funds, e.command);
}
template <class A>
void fields(A& a, JobResumed& e) {
  a(e.job, e.command);
}
template <class A>
void fields(A& a, JobPrioritySet& e) {
  a(e.job, e.priority, e.command);
}
template <class A>
void fields(A& a, JobRetried& e) {
  a(e.job, e.command);
}
template <class A>
void fields(A& a, JobEnded& e) {
  a(e.job, e.state, e.reason, e.chain, e.at, e.command);
}
template <class A>
void fields(A& a, JobForgotten& e) {
  a(e.job);
}
template <class A>
void fields(A& a, ResultsRecorded& e) {
  a(e.attempt, e.agent, e.owner, e.step, e.tasks, e.replica, e.sizes, e.payload, e.roots, e.signature,
    e.section, e.sections, e.path, e.kept, e.kept_roots, e.kept_needed, e.started, e.at);
}
template <class A>
void fields(A& a, AttemptFailed& e) {
  a(e.attempt, e.agent, e.owner, e.step, e.tasks, e.reason, e.message, e.at);
}
template <class A>
void fields(A& a, TasksFailed& e) {
  a(e.step, e.tasks, e.why);
}
template <class A>
void fields(A& a, TasksVerified& e) {
  a(e.step, e.tasks, e.agreeing);
}
template <class A>
void fields(A& a, StoreReserved& e) {
  a(e.step, e.task, e.root, e.chain);
}
template <class A>
void fields(A& a, ResultStored& e) {
  a(e.step, e.task, e.attempt, e.root, e.blob, e.size_bytes, e.at);
}
template <class A>
void fields(A& a, StoreAbandoned& e) {
  a(e.step, e.task, e.chain, e.at_fault);
}
template <class A>
void fields(A& a, TaskDisputed& e) {
  a(e.step, e.task, e.a, e.b, e.at);
}
template <class A>
void fields(A& a, LeafChosen& e) {
  a(e.step, e.task, e.leaf, e.hash_a, e.hash_b, e.path_a, e.path_b);
}
template <class A>
void fields(A& a, DisputeDecided& e) {
  a(e.step, e.task, e.leaf, e.referee_hash, e.referee, e.referee_attempt, e.referee_signature, e.wrong, e.at);
}
template <class A>
void fields(A& a, AttemptRejected& e) {
  a(e.step, e.task, e.attempt, e.owner, e.reason, e.fault);
}
template <class A>
void fields(A& a, Settled& e) {
  a(e.attempt, e.agent, e.owner, e.step, e.slot, e.tasks, e.checked, e.price, e.fee, e.chain, e.at);
}
template <class A>
void fields(A& a, Vested& e) {
  a(e.owner, e.entries, e.chain, e.at);
}
template <class A>
void fields(A& a, OwnerConvicted& e) {
  a(e.owner, e.step, e.task, e.slashed, e.clawed_back, e.chain, e.at);
}
template <class A>
void fields(A& a, JobReopened& e) {
  a(e.job, e.chain);
}
template <class A>
void fields(A& a, SessionsExpired& e) {
  a(e.before);
}
template <class A>
void fields(A& a, ComparisonOpened& e) {
  a(e.step, e.task, e.a, e.b, e.at);
}
template <class A>
void fields(A& a, CandidateStored& e) {
  a(e.step, e.task, e.attempt, e.root, e.blob, e.size_bytes, e.at);
}
template <class A>
void fields(A& a, ComparisonDecided& e) {
  a(e.step, e.task, e.a, e.b, e.verdict, e.why, e.referee, e.referee_attempt, e.signature, e.needed, e.at);
}
template <class A>
void fields(A& a, BitClassSeen& e) {
  a(e.agent, e.bit_class);
}
template <class A>
void fields(A& a, CheckpointStored& e) {
  a(e.step, e.task, e.owner, e.attempt, e.blob, e.size_bytes, e.at);
}
template <class A>
void fields(A& a, JobPurged& e) {
  a(e.job, e.command);
}

}  // namespace reeve::core
