#include "protocol/wire_topics.h"

namespace reeve::wire {
namespace {

void put(schema::Capability::Builder out, const Capability& in) {
  out.setCpus(in.cpus);
  out.setMemoryMib(in.memory_mib);
  out.setGpus(in.gpus);
  out.setVramMib(in.vram_mib);
  auto tags = out.initTags(static_cast<unsigned>(in.tags.size()));
  for (unsigned i = 0; i < tags.size(); ++i)
    tags.set(i, text_of(in.tags[i]));
  auto kernels = out.initKernels(static_cast<unsigned>(in.kernels.size()));
  for (unsigned i = 0; i < kernels.size(); ++i)
    wire::put(kernels[i], in.kernels[i]);
  if (!in.bit_class.empty()) out.setBitClass(text_of(in.bit_class));
}

Capability get(schema::Capability::Reader in) {
  Capability out;
  out.cpus = in.getCpus();
  out.memory_mib = in.getMemoryMib();
  out.gpus = in.getGpus();
  out.vram_mib = in.getVramMib();
  out.tags = read_list(in.getTags(), limits::kTagsPerAgent, "tags of an agent",
                       [](auto tag) { return read_name(tag, limits::kNameBytes, "tag"); });
  out.kernels = read_list(in.getKernels(), limits::kKernelsPerAgent, "kernels of an agent",
                          [](schema::Kernel::Reader kernel) { return wire::get(kernel); });
  out.bit_class = read_name(in.getBitClass(), limits::kNameBytes, "bit class of an agent");
  return out;
}

void put(schema::HeldAttempt::Builder out, const msg::HeldAttempt& in) {
  out.setAttempt(in.attempt.value());
  put_step(out, in.step);
  put_tasks(out, in.tasks);
  out.setReplica(in.replica);
  out.setTicket(data_of(in.ticket));
}

msg::HeldAttempt get(schema::HeldAttempt::Reader in) {
  return {AttemptId(in.getAttempt()), read_step(in), read_tasks(in), in.getReplica(),
          read_fixed<16>(in.getTicket(), "ticket")};
}

void put(schema::StepInfo::Builder out, const msg::StepInfo& in) {
  put_step(out, in.step);
  wire::put(out.initKernel(), in.kernel);
  out.setLeafBytes(in.leaf_bytes);
  out.setMaxResultBytes(in.max_result_bytes);
  out.setTimeLimit(in.time_limit.ns);
  out.setScript(data_of(in.script));
  if (!in.inputs.empty()) out.setInputs(data_of(in.inputs));
  out.setRooted(in.rooted);
  out.setCheckpointBytes(in.checkpoint_bytes);
  if (in.iteration.generations > 0) wire::put(out.initIteration(), in.iteration);
}

msg::StepInfo get(schema::StepInfo::Reader in) {
  msg::StepInfo out;
  out.step = read_step(in);
  out.kernel = wire::get(in.getKernel());
  out.leaf_bytes = in.getLeafBytes();
  out.max_result_bytes = in.getMaxResultBytes();
  out.time_limit = {in.getTimeLimit()};
  out.script = read_data(in.getScript(), limits::kStepScriptBytes, "script of a step");
  out.inputs = read_digests(in.getInputs(), limits::kInputsPerStep, "inputs of a step");
  out.rooted = in.getRooted();
  out.checkpoint_bytes = in.getCheckpointBytes();
  if (in.hasIteration()) out.iteration = wire::get(in.getIteration());
  return out;
}

void put(schema::GangSeat::Builder out, const msg::GangSeat& in) {
  out.setLead(in.lead.value());
  out.setRank(in.rank);
  out.setSecret(data_of(in.secret));
  auto members = out.initMembers(static_cast<unsigned>(in.members.size()));
  for (unsigned i = 0; i < members.size(); ++i) {
    members[i].setAgent(text_of(in.members[i].agent));
    members[i].setEndpoint(text_of(in.members[i].endpoint));
  }
}

msg::GangSeat get(schema::GangSeat::Reader in) {
  msg::GangSeat out{
      AttemptId(in.getLead()), in.getRank(), read_fixed<32>(in.getSecret(), "secret of a gang"),
      read_list(
          in.getMembers(), limits::kGangMembers, "members of a gang", [](schema::GangMember::Reader member) {
            return msg::GangMember{read_name(member.getAgent(), limits::kNameBytes, "name of an agent"),
                                   read_name(member.getEndpoint(), limits::kNameBytes, "endpoint of a farm")};
          })};
  if (out.rank >= out.members.size())
    refuse("rank " + std::to_string(out.rank) + " is not one of a gang's " +
               std::to_string(out.members.size()) + " members",
           "ranks count from 0");
  return out;
}

void put(schema::Assignment::Builder out, const msg::Assignment& in) {
  out.setAttempt(in.attempt.value());
  put_step(out, in.step);
  put_tasks(out, in.tasks);
  out.setReplica(in.replica);
  out.setLease(in.lease.ns);
  out.setTicket(data_of(in.ticket));
  if (in.gang.is_gang()) put(out.initGang(), in.gang);
  out.setMemoryMib(in.memory_mib);
  if (in.checkpoint != Digest{}) out.setCheckpoint(data_of(in.checkpoint.bytes));
  if (!in.inputs.empty()) out.setInputs(data_of(in.inputs));
}

msg::Assignment get(schema::Assignment::Reader in) {
  return {AttemptId(in.getAttempt()),
          read_step(in),
          read_tasks(in),
          in.getReplica(),
          {in.getLease()},
          read_fixed<16>(in.getTicket(), "ticket"),
          in.hasGang() ? get(in.getGang()) : msg::GangSeat{},
          in.getMemoryMib(),
          in.hasCheckpoint() ? Digest{read_fixed<32>(in.getCheckpoint(), "checkpoint")} : Digest{},
          read_digests(in.getInputs(), limits::kInputsPerTask, "inputs of a task")};
}

void put(schema::LeafAssignment::Builder out, const msg::LeafAssignment& in) {
  out.setAttempt(in.attempt.value());
  put_step(out, in.step);
  out.setTask(in.task);
  put_numbers(out.initLeaves(static_cast<unsigned>(in.leaves.size())), in.leaves);
  out.setLease(in.lease.ns);
  if (!in.inputs.empty()) out.setInputs(data_of(in.inputs));
}

msg::LeafAssignment get(schema::LeafAssignment::Reader in) {
  return {AttemptId(in.getAttempt()),
          read_step(in),
          in.getTask(),
          read_numbers<std::uint32_t>(in.getLeaves(), limits::kLeavesPerTask, "leaves to recompute"),
          {in.getLease()},
          read_digests(in.getInputs(), limits::kInputsPerTask, "inputs of a task")};
}

void put(schema::ComparisonAssignment::Builder out, const msg::ComparisonAssignment& in) {
  out.setAttempt(in.attempt.value());
  put_step(out, in.step);
  out.setTask(in.task);
  out.setA(data_of(in.a.bytes));
  out.setB(data_of(in.b.bytes));
  out.setSizeA(in.size_a_bytes);
  out.setSizeB(in.size_b_bytes);
  out.setCompare(text_of(in.compare));
  out.setLease(in.lease.ns);
}

msg::ComparisonAssignment get(schema::ComparisonAssignment::Reader in) {
  return {AttemptId(in.getAttempt()),
          read_step(in),
          in.getTask(),
          {read_fixed<32>(in.getA(), "result to compare")},
          {read_fixed<32>(in.getB(), "result to compare")},
          in.getSizeA(),
          in.getSizeB(),
          read_text(in.getCompare(), limits::kTextBytes, "comparison"),
          {in.getLease()}};
}

}  // namespace

void put(schema::Kernel::Builder out, const KernelVersion& in) {
  out.setName(text_of(in.name));
  out.setContract(in.contract);
}

KernelVersion get(schema::Kernel::Reader in) {
  return {read_name(in.getName(), limits::kNameBytes, "name of a kernel"), in.getContract()};
}

void put(schema::Iteration::Builder out, const Iteration& in) {
  out.setGenerations(in.generations);
  out.setShards(in.shards);
  out.setStaleness(in.staleness);
  out.setKeepEvery(in.keep_every);
}

Iteration get(schema::Iteration::Reader in) {
  Iteration out{in.getGenerations(), in.getShards(), in.getStaleness(), in.getKeepEvery()};
  if (out.shards > limits::kShardsPerGeneration)
    refuse_length("the row of a generation's shards", out.shards, limits::kShardsPerGeneration);
  return out;
}

void put(schema::AgentHello::Builder out, const msg::AgentHello& in) {
  out.setName(text_of(in.name));
  out.setSlots(in.slots);
  put(out.initCapability(), in.capability);
  auto held = out.initHeld(static_cast<unsigned>(in.held.size()));
  for (unsigned i = 0; i < held.size(); ++i)
    put(held[i], in.held[i]);
  if (in.farm.empty()) return;
  out.setFarm(text_of(in.farm));
  out.setGangEndpoint(text_of(in.gang_endpoint));
}

msg::AgentHello get(schema::AgentHello::Reader in) {
  msg::AgentHello out;
  out.name = read_name(in.getName(), limits::kNameBytes, "name of an agent");
  out.slots = in.getSlots();
  if (out.slots > limits::kSlotsPerAgent)
    refuse_length("the row of an agent's slots", out.slots, limits::kSlotsPerAgent);
  out.capability = get(in.getCapability());
  out.held = read_list(in.getHeld(), limits::kHeldAttemptsPerAgent, "attempts held",
                       [](schema::HeldAttempt::Reader held) { return get(held); });
  out.farm = read_name(in.getFarm(), limits::kNameBytes, "farm of an agent");
  out.gang_endpoint = read_name(in.getGangEndpoint(), limits::kNameBytes, "endpoint of a farm");
  return out;
}

void put(schema::Credit::Builder out, const msg::Credit& in) {
  out.setGrantedTotal(in.granted_total);
}

msg::Credit get(schema::Credit::Reader in) {
  return {in.getGrantedTotal()};
}

void put(schema::Heartbeat::Builder out, const msg::Heartbeat& in) {
  put_numbers(out.initHeld(static_cast<unsigned>(in.held.size())), in.held);
  out.setPaused(in.paused);
}

msg::Heartbeat get(schema::Heartbeat::Reader in) {
  return {read_numbers<AttemptId>(in.getHeld(), limits::kHeldAttemptsPerAgent, "attempts held"),
          in.getPaused()};
}

void put(schema::Assign::Builder out, const msg::Assign& in) {
  auto steps = out.initSteps(static_cast<unsigned>(in.steps.size()));
  for (unsigned i = 0; i < steps.size(); ++i)
    put(steps[i], in.steps[i]);
  auto assignments = out.initAssignments(static_cast<unsigned>(in.assignments.size()));
  for (unsigned i = 0; i < assignments.size(); ++i)
    put(assignments[i], in.assignments[i]);
  if (!in.leaves.empty()) {
    auto leaves = out.initLeaves(static_cast<unsigned>(in.leaves.size()));
    for (unsigned i = 0; i < leaves.size(); ++i)
      put(leaves[i], in.leaves[i]);
  }
  if (in.comparisons.empty()) return;
  auto comparisons = out.initComparisons(static_cast<unsigned>(in.comparisons.size()));
  for (unsigned i = 0; i < comparisons.size(); ++i)
    put(comparisons[i], in.comparisons[i]);
}

msg::Assign get(schema::Assign::Reader in) {
  return {read_list(in.getSteps(), limits::kAssignmentsPerMessage, "steps of a message",
                    [](schema::StepInfo::Reader step) { return get(step); }),
          read_list(in.getAssignments(), limits::kAssignmentsPerMessage, "assignments of a message",
                    [](schema::Assignment::Reader assignment) { return get(assignment); }),
          read_list(in.getLeaves(), limits::kAssignmentsPerMessage, "leaf assignments of a message",
                    [](schema::LeafAssignment::Reader leaves) { return get(leaves); }),
          read_list(in.getComparisons(), limits::kAssignmentsPerMessage, "comparisons of a message",
                    [](schema::ComparisonAssignment::Reader comparison) { return get(comparison); })};
}

void put(schema::CancelAttempts::Builder out, const msg::CancelAttempts& in) {
  auto items = out.initItems(static_cast<unsigned>(in.items.size()));
  for (unsigned i = 0; i < items.size(); ++i) {
    auto item = items[i];
    item.setAttempt(in.items[i].attempt.value());
    put_tasks(item, in.items[i].tasks);
  }
}

msg::CancelAttempts get(schema::CancelAttempts::Reader in) {
  return {read_list(in.getItems(), limits::kHeldAttemptsPerAgent, "attempts to cancel", [](auto item) {
    return msg::CancelAttempts::Item{AttemptId(item.getAttempt()), read_tasks(item)};
  })};
}

}  // namespace reeve::wire
