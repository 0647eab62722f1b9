#include "protocol/wire_topics.h"

namespace reeve::wire {
namespace {

void put(schema::TaskNeed::Builder out, const TaskNeed& in) {
  out.setCpus(in.cpus);
  out.setMemoryMib(in.memory_mib);
  out.setGpus(in.gpus);
  out.setVramMib(in.vram_mib);
  if (!in.tags.empty()) {
    auto tags = out.initTags(static_cast<unsigned>(in.tags.size()));
    for (unsigned i = 0; i < tags.size(); ++i)
      tags.set(i, text_of(in.tags[i]));
  }
  wire::put(out.initKernel(), in.kernel);
}

TaskNeed get(schema::TaskNeed::Reader in) {
  TaskNeed out;
  out.cpus = in.getCpus();
  out.memory_mib = in.getMemoryMib();
  out.gpus = in.getGpus();
  out.vram_mib = in.getVramMib();
  out.tags = read_list(in.getTags(), limits::kTagsPerNeed, "tags of a step",
                       [](auto tag) { return read_name(tag, limits::kNameBytes, "tag"); });
  out.kernel = wire::get(in.getKernel());
  return out;
}

void put(schema::StepSpec::Builder out, const StepSpec& in) {
  out.setName(text_of(in.name));
  out.setTaskCount(in.task_count);
  if (!in.depends_on.empty())
    put_numbers(out.initDependsOn(static_cast<unsigned>(in.depends_on.size())), in.depends_on);
  put(out.initNeed(), in.need);
  out.setLeafBytes(in.leaf_bytes);
  out.setWorkPerTask(in.work_per_task);
  out.setMaxResultBytes(in.max_result_bytes);
  out.setTimeLimit(in.time_limit.ns);
  out.setScript(data_of(in.script));
  if (!in.inputs.empty()) out.setInputs(data_of(in.inputs));
  if (!in.compare.empty()) out.setCompare(text_of(in.compare));
  out.setGangMin(in.gang_min);
  out.setGangMax(in.gang_max);
  out.setMostAtOnce(in.most_at_once);
  out.setMostMemoryMib(in.most_memory_mib);
  out.setCheckpointMib(in.checkpoint_mib);
  if (in.iterates()) wire::put(out.initIteration(), in.iteration);
}

StepSpec get(schema::StepSpec::Reader in) {
  StepSpec out;
  out.name = read_name(in.getName(), limits::kStepNameBytes, "name of a step");
  out.task_count = in.getTaskCount();
  if (out.task_count > limits::kTasksPerStep)
    refuse_length("the range of a step's tasks", out.task_count, limits::kTasksPerStep);
  out.depends_on = read_numbers<StepIndex>(in.getDependsOn(), limits::kStepsPerJob, "dependencies of a step");
  out.need = get(in.getNeed());
  out.leaf_bytes = in.getLeafBytes();
  out.work_per_task = in.getWorkPerTask();
  out.max_result_bytes = in.getMaxResultBytes();
  out.time_limit = {in.getTimeLimit()};
  out.script = read_data(in.getScript(), limits::kStepScriptBytes, "script of a step");
  out.inputs = read_digests(in.getInputs(), limits::kInputsPerStep, "inputs of a step");
  out.compare = read_name(in.getCompare(), limits::kComparisonBytes, "comparison of a step");
  out.gang_min = in.getGangMin();
  out.gang_max = in.getGangMax();
  if (out.gang_max > limits::kGangMembers)
    refuse_length("the row of a gang's slots", out.gang_max, limits::kGangMembers);
  out.most_at_once = in.getMostAtOnce();
  out.most_memory_mib = in.getMostMemoryMib();
  out.checkpoint_mib = in.getCheckpointMib();
  if (in.hasIteration()) out.iteration = wire::get(in.getIteration());
  return out;
}

void put(schema::JobSpec::Builder out, const JobSpec& in) {
  out.setName(text_of(in.name));
  out.setPriority(in.priority);
  out.setVerifyMode(as_enum<schema::VerifyMode>(in.verify.mode));
  out.setQuorum(in.verify.quorum);
  out.setMaxRetries(in.max_retries);
  out.setMaxPrice(in.max_price);
  if (!in.after.empty()) put_numbers(out.initAfter(static_cast<unsigned>(in.after.size())), in.after);
  auto steps = out.initSteps(static_cast<unsigned>(in.steps.size()));
  for (unsigned i = 0; i < steps.size(); ++i)
    put(steps[i], in.steps[i]);
}

JobSpec get(schema::JobSpec::Reader in) {
  JobSpec out;
  out.name = read_name(in.getName(), limits::kJobNameBytes, "name of a job");
  out.priority = in.getPriority();
  out.verify.mode = read_enum(in.getVerifyMode(), VerifyMode::kNone, "mode of verification");
  out.verify.quorum = in.getQuorum();
  out.max_retries = in.getMaxRetries();
  out.max_price = in.getMaxPrice();
  out.after = read_numbers<JobId>(in.getAfter(), limits::kDependenciesPerJob, "dependencies of a job");
  out.steps = read_list(in.getSteps(), limits::kStepsPerJob, "steps of a job",
                        [](schema::StepSpec::Reader step) { return get(step); });
  return out;
}

void put(schema::Command::Builder out, const msg::SubmitJob& in) {
  auto submit = out.initSubmitJob();
  put(submit.initSpec(), in.spec);
  submit.setNotify(in.notify);
  submit.setOnlyQuote(in.only_quote);
}

void put(schema::Command::Builder out, const msg::JobCommand& in) {
  auto command = out.initJobCommand();
  command.setJob(in.job.value());
  command.setVerb(as_enum<schema::JobVerb>(in.verb));
  command.setPriority(in.priority);
  command.setReason(text_of(in.reason));
}

void put(schema::Command::Builder out, const msg::CreateToken& in) {
  auto token = out.initCreateToken();
  token.setRole(as_enum<schema::Role>(in.role));
  token.setTokenId(text_of(in.token_id));
  token.setSecretDigest(data_of(in.secret_digest.bytes));
  token.setUses(in.uses);
  token.setExpires(in.expires.ns);
  token.setCredits(in.credits);
  token.setDelegation(data_of(in.delegation.bytes));
}

void put(schema::Command::Builder out, const msg::Fund& in) {
  auto fund = out.initFund();
  fund.setParty(in.party.value());
  fund.setAmount(in.amount);
}

void put(schema::Command::Builder out, const msg::Revoke& in) {
  auto revoke = out.initRevoke();
  revoke.setTokenId(text_of(in.token_id));
  revoke.setParty(in.party.value());
  revoke.setAgent(in.agent.value());
}

void put(schema::Command::Builder out, const msg::SetAgentPaused& in) {
  auto pause = out.initSetAgentPaused();
  pause.setAgent(in.agent.value());
  pause.setPaused(in.paused);
}

msg::JobCommand get(schema::JobCommand::Reader in) {
  return {JobId(in.getJob()), read_enum(in.getVerb(), msg::JobVerb::kForget, "verb"), in.getPriority(),
          read_text(in.getReason(), limits::kTextBytes, "reason")};
}

msg::CreateToken get(schema::CreateToken::Reader in) {
  return {read_enum(in.getRole(), Role::kOperator, "role"),
          read_name(in.getTokenId(), limits::kNameBytes, "token id"),
          {read_fixed<32>(in.getSecretDigest(), "digest of the token's secret")},
          in.getUses(),
          {in.getExpires()},
          in.getCredits(),
          {read_fixed<64>(in.getDelegation(), "delegation")}};
}

msg::Revoke get(schema::Revoke::Reader in) {
  return {read_name(in.getTokenId(), limits::kNameBytes, "token id"), PartyId(in.getParty()),
          AgentId(in.getAgent())};
}

msg::Command get(schema::Command::Reader in) {
  msg::Command out;
  out.request = read_fixed<16>(in.getRequest(), "request id");
  switch (in.which()) {
    case schema::Command::SUBMIT_JOB: {
      const auto submit = in.getSubmitJob();
      out.body = msg::SubmitJob{get(submit.getSpec()), submit.getNotify(), submit.getOnlyQuote()};
      return out;
    }
    case schema::Command::JOB_COMMAND: out.body = get(in.getJobCommand()); return out;
    case schema::Command::CREATE_TOKEN: out.body = get(in.getCreateToken()); return out;
    case schema::Command::FUND: {
      const auto fund = in.getFund();
      out.body = msg::Fund{PartyId(fund.getParty()), fund.getAmount()};
      return out;
    }
    case schema::Command::REVOKE: out.body = get(in.getRevoke()); return out;
    case schema::Command::SET_AGENT_PAUSED: {
      const auto pause = in.getSetAgentPaused();
      out.body = msg::SetAgentPaused{AgentId(pause.getAgent()), pause.getPaused()};
      return out;
    }
  }
  refuse(
      "command kind " + std::to_string(static_cast<unsigned>(in.which())) + " is not known to this protocol",
      "upgrade the older side");
}

}  // namespace

void put(schema::Commands::Builder out, const msg::Commands& in) {
  auto commands = out.initCommands(static_cast<unsigned>(in.commands.size()));
  for (unsigned i = 0; i < commands.size(); ++i) {
    commands[i].setRequest(data_of(in.commands[i].request));
    std::visit([&](const auto& body) { put(commands[i], body); }, in.commands[i].body);
  }
}

msg::Commands get(schema::Commands::Reader in) {
  return {read_list(in.getCommands(), limits::kCommandsPerMessage, "commands of a message",
                    [](schema::Command::Reader command) { return get(command); })};
}

}  // namespace reeve::wire
