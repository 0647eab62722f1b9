#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/region.h"

/// The doors between the rooms of the core, in the order of a job's path.
namespace reeve::core {

// ---- registry.cpp: who may speak, and with what funds ----
void enrol(Region& region, const EnrolReceived& input);
void create_token(Region& region, const CommandReceived& input, const msg::CreateToken& token,
                  const CommandRef& ref);
void fund(Region& region, const CommandReceived& input, const msg::Fund& funding, const CommandRef& ref);
void revoke(Region& region, const CommandReceived& input, const msg::Revoke& revocation,
            const CommandRef& ref);
void set_agent_paused(Region& region, const CommandReceived& input, const msg::SetAgentPaused& pause,
                      const CommandRef& ref);

// ---- control.cpp: commands in, each done at most once ----
void on_command(Region& region, const CommandReceived& input);
void on_subscribe(Region& region, const SubscribeReceived& input);
void reply(Region& region, ConnectionId to, const msg::RequestId& request, decltype(msg::Reply::body) body);
void refuse(Region& region, const CommandReceived& input, Error error);

// ---- submit.cpp ----
void submit(Region& region, const CommandReceived& input, const msg::SubmitJob& submission,
            const CommandRef& ref);

// ---- shard.cpp: steps become queues of ranges ----
void open_ready_steps(Region& region, JobId job);
void finish_if_done(Region& region, JobId job);
void end_job(Region& region, JobId job, msg::JobState state, const std::string& reason,
             const CommandRef& ref);
void cancel_leases(Region& region, JobId job);
/// Builds the queues of a job from its durable state (after a boot, a resume, a retry, a conviction).
void rebuild_queues(Region& region, JobId job);
void rebuild_all(Region& region);
void notify_job(Region& region, JobId job);

// ---- generations.cpp: tasks that go on from results of earlier ones ----
/// A task of the step was settled: what it opens is queued, and results that nothing needs any more are
/// spent.
void advance_generations(Region& region, StepRef step, TaskIndex task);
/// Where a generation waits for nothing but agents that are far slower than its others were, these are
/// replaced by idle ones, once a task.
void replace_late_agents(Region& region);

// ---- queues.cpp: which tasks want an attempt ----
///   one_class  tasks that start only where their class has owners for a quorum (bit_classes.h)
NeedId intern_need(Region& region, const StepSpec& spec, bool one_class);
StepQueue* find_queue(Region& region, StepRef step);
/// Puts a task where its durable record says it belongs (fresh, awaiting another owner, or nowhere).
void requeue(Region& region, StepRef step, TaskIndex task);
void requeue(Region& region, StepRef step, TaskRange tasks);
/// Takes a task out of its queue: a dispute, a store or a settlement has it now.
void unqueue(Region& region, StepRef step, TaskIndex task);
/// Tasks of a step that may go to agents now, beside those that are with them.
std::uint64_t may_go_out(const Region& region, StepRef step);
/// Keeps `ready` and `copies` true to the queue's content.
void index_queue(Region& region, StepRef step);
void drop_queue(Region& region, StepRef step);

// ---- place.cpp: who may run what (pure) ----
bool meets(const Capability& capability, const TaskNeed& need);
bool may_run_copy(const OpenTask& task, PartyId owner);
/// Tasks that an agent should hold of a step whose tasks take `expected_ns` each (0: not known).
std::uint64_t work_in_hand(const AgentSession& agent, std::int64_t expected_ns, Duration target);

// ---- gang.cpp: tasks that run on several slots at once, or on none ----
/// A slot for each rank: agents of one owner and one farm.
using GangPlace = std::vector<AgentId>;
/// Where a task of this step fits now: on as many free slots of one farm as it may have, and on no fewer than
/// it needs; nullopt where no farm of an owner that is allowed has them. Nothing is taken yet.
std::optional<GangPlace> find_gang_place(const Region& region, StepRef step,
                                         const std::function<bool(PartyId)>& allowed);
/// No place was found: after some patience one farm that could have the slots is given nothing else.
void wait_for_gang_place(Region& region, StepRef step, const std::function<bool(PartyId)>& allowed);
/// Lets go of farms whose gang has its place, is gone, or has waited long enough.
void review_holds(Region& region);
/// Ends what others do for a gang whose lead's lease has ended.
void disband(Region& region, AttemptId lead);
/// Of the slots that a farm has: the most that any has, free ones and all, and who they are.
struct GangRoom {
  std::uint64_t slots = 0;
  std::uint64_t free = 0;
  std::string agents;
};
GangRoom best_gang_room(const Region& region, const TaskNeed& need);
/// A member that is not the lead says how it ended.
void on_seat_report(Region& region, AttemptId attempt, const msg::ReportSection& section);

// ---- dispatch.cpp ----
void dispatch(Region& region);

// ---- leases.cpp: agents come, go, and say what they hold ----
void on_agent_connected(Region& region, const AgentConnected& input);
void on_agent_gone(Region& region, AgentId agent);
/// An agent that was silent too long, or seemed so when the clock jumped, is back with its first word.
void hear(Region& region, AgentId agent);
void on_credit(Region& region, const CreditGranted& input);
void on_heartbeat(Region& region, const HeartbeatReceived& input);
void expire_leases(Region& region);
void lost_agents(Region& region);
AttemptId grant_lease(Region& region, AgentId agent, StepRef step, TaskRange tasks, std::uint32_t replica);
/// A slot for rank `rank` > 0 of the gang that `lead` leads.
AttemptId grant_seat(Region& region, AgentId agent, StepRef step, AttemptId lead, std::uint32_t rank);
/// Makes a lease that was just granted the lead's of a gang.
void lead_gang(Region& region, AttemptId lead);
/// Takes back a lease that nobody works on, and with it its whole gang; the tasks wait again.
void lose_lease(Region& region, AttemptId attempt);
/// Takes back a lease whose agent does not get on; the first of its tasks is charged with a failure.
void take_back(Region& region, AttemptId attempt, const std::string& why);
/// Takes reported tasks off a lease; the lease ends with its last task.
void shrink_lease(Region& region, AttemptId attempt, TaskRange tasks);
void end_lease(Region& region, AttemptId attempt);
void set_deadline(Region& region, AttemptId attempt, Time sooner);

// ---- checkpoint.cpp: what an attempt leaves for the next one ----
/// The newest from which an attempt of this owner may go on, or null.
const Checkpoint* checkpoint_for(const Region& region, StepRef step, TaskIndex task, PartyId owner);
/// The first of these tasks alone where it has a checkpoint, else those before the first that has one: such
/// tasks travel alone.
TaskRange up_to_checkpoint(const StepState& state, TaskRange tasks);
/// An attempt did not get the checkpoint that it was to go on from: the next one begins anew, at nobody's
/// charge. False where it had none.
bool drop_lost_checkpoint(Region& region, const Lease& lease, TaskRange tasks);
void on_checkpoint_offered(Region& region, const CheckpointOffered& input);
void on_checkpoint_upload(Region& region, const UploadFinished& input);

// ---- blocklist.cpp: agents that fail whatever they are given of a job ----
void note_failure(Region& region, JobId job, AgentId agent);
void note_success(Region& region, JobId job, AgentId agent);
/// The agent has failed so many tasks of this job in a row that others have it first.
bool is_blocked(const Region& region, JobId job, AgentId agent);
/// True where is_blocked() may say so of an agent.
bool blocks_agents(const Region& region, JobId job);
/// Forgets what was noted of a job.
void clear_blocklist(Region& region, JobId job);

// ---- verify.cpp ----
void on_report(Region& region, const ReportReceived& input);
/// Pays for the results of a task that are on record, all of one root: at once, or after their store.
void accept_results(Region& region, StepRef step, TaskIndex task);
/// Compares the recorded roots of a task; starts the store, a dispute or another attempt.
void decide(Region& region, StepRef step, TaskIndex task);
void fail_attempts(Region& region, AttemptId attempt, const Lease& lease, TaskRange tasks,
                   msg::FailureReason reason, const std::string& message);
/// Each failure doubles the pause before an owner that failed the task, or whose result of it is out, may try
/// it again.
void cool_down(Region& region, StepRef step, TaskIndex task);

// ---- vote.cpp: results of opaque programs, which nobody can recompute in parts ----
/// Attempts of distinct owners that a program's task wants once `root` is recorded beside what is known of
/// it.
std::uint32_t votes_wanted(const Job& job, const StepState& step, const OpenTask& known, const Digest& root);
/// The same of what is on record.
std::uint32_t votes_wanted(const Job& job, const OpenTask& open);
/// Accepts the result that enough owners gave, has two compared, asks another owner, or gives up.
void count_votes(Region& region, StepRef step, TaskIndex task);

// ---- dispute.cpp ----
void open_dispute(Region& region, StepRef step, TaskIndex task);
void on_opening(Region& region, const OpeningReceived& input);
void on_leaf_report(Region& region, AgentId referee, const msg::LeafReport& report,
                    const Signature& signature);
void pursue_disputes(Region& region);
/// Openings and uploads that an agent owes, asked again after a reconnection.
void ask_again(Region& region, AgentId agent);

// ---- store.cpp ----
void begin_store(Region& region, StepRef step, TaskIndex task, const Digest& root);
void on_upload(Region& region, const UploadFinished& input);
void pursue_stores(Region& region);
void ask_uploads_again(Region& region, AgentId agent);

/// Goes on with an agreed result that is here already.
void store_arrived(Region& region, StepRef step, TaskIndex task, const Recorded& holder, const Digest& blob,
                   std::uint64_t size_bytes);

// ---- comparison.cpp: whether results are alike that are not equal ----
void open_comparison(Region& region, StepRef step, TaskIndex task);
/// Of a result that was to be compared.
void on_candidate(Region& region, const UploadFinished& input);
void on_comparison_report(Region& region, AgentId referee, const msg::ComparisonReport& report,
                          const Signature& signature);
void pursue_comparisons(Region& region);
void ask_candidates_again(Region& region, AgentId agent);
/// The referee's leases return.
void drop_comparison_leases(Region& region, AgentId referee);
/// What a referee does not name among what it holds, long after it was asked, goes out again.
void drop_forgotten_comparisons(Region& region, AgentId referee, const std::vector<AttemptId>& held);
/// A comparison that a conviction or the job's end made void.
void drop_comparison(Region& region, const TaskKey& key);
/// True while the agent is to compare this blob.
bool compares_blob(const Region& region, AgentId agent, const Digest& blob);
/// Somebody who may be asked to compare: connected, and not paused.
std::optional<AgentId> find_comparer(const Region& region);

// ---- settle.cpp: money ----
struct Payee {
  AttemptId attempt;
  AgentId agent;
  PartyId owner;
  std::uint32_t slot = 0;
};
/// Pays for tasks of one attempt out of escrow; `reserved` resolves pending transfers instead of posting new
/// ones.
void settle(Region& region, StepRef step, const Payee& payee, const std::vector<TaskRange>& tasks,
            std::uint32_t checked, const std::vector<TransferId>& reserved);
/// The operator's share of one task's price, rounded down: the same when pay is reserved and when it is
/// posted.
MicroCredits fee_of(const Policy& policy, MicroCredits price);
/// Accepted attempts that a task can have, and be paid for.
std::uint32_t most_attempts(const VerifyPolicy& verify);
/// Worst case of one task: what all its accepted attempts can cost.
MicroCredits worst_case(const Job& job, const StepState& step);
/// What tasks in leases and with open records can still cost, over all steps.
MicroCredits committed(const Region& region, JobId job);
/// Makes escrow cover `tasks` more of this step, or as many of them as the requester's funds allow; returns
/// how many. Where it is none, the job pauses and says why.
std::uint64_t ensure_escrow(Region& region, JobId job, StepIndex step, std::uint64_t tasks);
/// Gives back what an ending job's escrow holds: first what the insurance lent it, then the requester's own.
Chain refund_chain(const Region& region, JobId job);
PostedTransfer posted(TransferId id, AccountKey debit, AccountKey credit, MicroCredits amount,
                      TransferCode code);

// ---- payout.cpp ----
/// Vests what is due of owners that had something accepted.
void vest_due(Region& region);
void vest_by_age(Region& region);
void forget_final_jobs(Region& region);

// ---- convict.cpp ----
void convict(Region& region, PartyId owner, StepRef step, TaskIndex task);

// ---- invariants.cpp ----
std::string broken_region_invariant(const Region& region, bool ended_jobs_too);

// ---- explain.cpp ----
std::vector<Explanation> explain_job(const Region& region, JobId job);

}  // namespace reeve::core
