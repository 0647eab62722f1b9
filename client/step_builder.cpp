#include "client/step_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "openjd/task.h"
#include "protocol/limits.h"

namespace reeve::client {
namespace {

// Kernels' arguments are checked task by task; a longer step is checked at its ends and evenly between.
constexpr std::uint64_t kTasksChecked = 4096;

Error in_step(const std::string& step, const Error& error) {
  return {error.code, "step '" + step + "': " + error.message, error.hint};
}

/// Calls f(ResolvedTask) for tasks spread over the step, the first and the last among them.
template <class F>
Result<void> sample_tasks(const openjd::StepScript& script, F&& f) {
  const std::uint64_t size = script.space.size();
  const std::uint64_t count = script.is_constant() ? 1 : std::min(size, kTasksChecked);
  openjd::ResolvedTask task;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t index = count == 1 ? 0 : i * (size - 1) / (count - 1);
    openjd::resolve_task_into(script, index, {}, task);
    if (auto done = f(task); !done) return done.error();
  }
  return {};
}

Result<void> check_plain(const openjd::Step& step) {
  if (step.script.environments.empty() && step.script.files.empty()) return {};
  return Error{
      ErrorCode::kInvalid,
      "step '" + step.name + "' has environments or embedded files, which built-in kernels do not use",
      "remove them, or run a program instead"};
}

/// The facts that hold for every task: the largest of each.
Result<TaskFacts> step_facts(const openjd::Step& step) {
  TaskFacts facts;
  std::set<Digest> inputs;
  bool first = true;
  auto sampled = sample_tasks(step.script, [&](const openjd::ResolvedTask& task) -> Result<void> {
    auto one = task_facts(task.line.command, task.line.args);
    if (!one) return one.error();
    if (!first && (one->kernel != facts.kernel)) {
      return Error{ErrorCode::kInvalid, "its tasks run different kernels", "make a step for each kernel"};
    }
    inputs.insert(one->inputs.begin(), one->inputs.end());
    facts.kernel = one->kernel;
    facts.leaf_bytes = one->leaf_bytes;
    facts.work = std::max(facts.work, one->work);
    facts.max_result_bytes = std::max(facts.max_result_bytes, one->max_result_bytes);
    first = false;
    return {};
  });
  if (!sampled) return in_step(step.name, sampled.error());
  if (inputs.size() > limits::kInputsPerStep) {
    return Error{ErrorCode::kExhausted,
                 "step '" + step.name + "' names " + std::to_string(inputs.size()) + " inputs",
                 "a step may name " + std::to_string(limits::kInputsPerStep) + "; split it"};
  }
  facts.inputs.assign(inputs.begin(), inputs.end());
  return facts;
}

/// A whole number of at least what is asked for.
Result<std::uint32_t> whole(const openjd::AmountRequirement& amount) {
  const double least = std::ceil(amount.min.value_or(0));
  if (!(least >= 0 && least <= std::numeric_limits<std::uint32_t>::max())) {
    return Error{ErrorCode::kInvalid, amount.name + ": min is out of range", "give a number of 0 or more"};
  }
  return static_cast<std::uint32_t>(least);
}

Result<void> add_amount(const openjd::AmountRequirement& amount, TaskNeed& need) {
  const auto count = whole(amount);
  if (!count) return count.error();
  // A max bounds what is reserved, and that is never more than the min.
  if (amount.name == "amount.worker.vcpu") {
    need.cpus = *count;
  } else if (amount.name == "amount.worker.memory") {
    need.memory_mib = *count;
  } else if (amount.name == "amount.worker.gpu") {
    need.gpus = *count;
  } else if (amount.name == "amount.worker.gpu.memory" || amount.name == "reeve:amount.gpu.vram") {
    need.vram_mib = *count;
    need.gpus = std::max(need.gpus, 1U);
  } else {
    return Error{ErrorCode::kInvalid, "host requirement '" + amount.name + "' is not known",
                 "use amount.worker.vcpu, .memory, .gpu, .gpu.memory or reeve:amount.gpu.vram"};
  }
  return {};
}

Result<void> add_attribute(const openjd::AttributeRequirement& attribute, TaskNeed& need) {
  const auto allows = [&](std::string_view value) {
    const auto has = [value](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), value) != list.end();
    };
    return (attribute.any_of.empty() || has(attribute.any_of)) &&
           (attribute.all_of.empty() || has(attribute.all_of));
  };
  if (attribute.name == "attr.worker.os.family" && allows("linux")) return {};  // every agent runs Linux
  if (attribute.name == "reeve:attr.tag" && attribute.any_of.size() <= 1) {
    need.tags.insert(need.tags.end(), attribute.all_of.begin(), attribute.all_of.end());
    need.tags.insert(need.tags.end(), attribute.any_of.begin(), attribute.any_of.end());
    return {};
  }
  return Error{ErrorCode::kInvalid,
               "host requirement '" + attribute.name + "' with these values cannot be met",
               "use reeve:attr.tag with allOf, or attr.worker.os.family linux"};
}

Duration time_limit(const openjd::Step& step, const StepOptions& options) {
  const auto& timeout = step.script.on_run.timeout_s;
  return timeout && !options.time_limit_given ? seconds(*timeout) : options.default_time_limit;
}

/// What is told of a program: it is paid for the time that it may take, since nobody can count its work.
TaskFacts program_facts(const openjd::Step& step, Duration limit, std::uint32_t cpus) {
  TaskFacts facts;
  facts.kernel = {std::string(kProgramKernel), 1};
  facts.work = static_cast<std::uint64_t>(limit.ns / 1'000'000) * std::max(cpus, 1U);
  facts.max_result_bytes = kProgramResultBytes;
  std::set<Digest> inputs;
  for (const openjd::StagedInput& input : step.script.inputs)
    inputs.insert(input.digest);
  if (step.script.image) inputs.insert(*step.script.image);
  facts.inputs.assign(inputs.begin(), inputs.end());
  return facts;
}

Result<TaskFacts> facts_of(const openjd::Step& step, Duration limit, std::uint32_t cpus) {
  if (!runs_program(step)) {
    if (auto plain = check_plain(step); !plain) return plain.error();
    return step_facts(step);
  }
  TaskFacts facts = program_facts(step, limit, cpus);
  if (facts.inputs.size() > limits::kInputsPerStep)
    return Error{ErrorCode::kExhausted,
                 "step '" + step.name + "' names " + std::to_string(facts.inputs.size()) + " inputs",
                 "at most " + std::to_string(limits::kInputsPerStep) + "; put files into one folder"};
  return facts;
}

}  // namespace

bool runs_program(const openjd::Step& step) {
  return !step.script.on_run.command.source().starts_with(kCommandPrefix);
}

Result<TaskNeed> task_need(const openjd::HostRequirements& requirements) {
  TaskNeed need;
  for (const auto& amount : requirements.amounts) {
    if (auto added = add_amount(amount, need); !added) return added.error();
  }
  for (const auto& attribute : requirements.attributes) {
    if (auto added = add_attribute(attribute, need); !added) return added.error();
  }
  return need;
}

Result<StepSpec> build_step(const openjd::Step& step, const StepOptions& options) {
  auto need = task_need(step.requirements);
  if (!need) return in_step(step.name, need.error());
  auto facts = facts_of(step, time_limit(step, options), need->cpus);
  if (!facts) return facts.error();
  openjd::StepScript told = step.script;
  if (runs_program(step)) told.gpus = need->gpus;
  auto script = openjd::encode_step(told);
  if (!script) return in_step(step.name, script.error());
  need->kernel = facts->kernel;
  need->tags.insert(need->tags.end(), options.tags.begin(), options.tags.end());
  if (step.script.image) need->tags.emplace_back(kImageTag);
  std::sort(need->tags.begin(), need->tags.end());
  need->tags.erase(std::unique(need->tags.begin(), need->tags.end()), need->tags.end());
  StepSpec spec;
  spec.name = step.name;
  spec.task_count = static_cast<std::uint32_t>(step.script.space.size());
  spec.depends_on = step.depends_on;
  spec.need = std::move(*need);
  spec.leaf_bytes = facts->leaf_bytes;
  spec.work_per_task = facts->work;
  spec.max_result_bytes = facts->max_result_bytes;
  spec.time_limit = time_limit(step, options);
  spec.script = std::move(*script);
  spec.inputs = facts->inputs;
  if (runs_program(step)) {
    spec.compare = options.compare;
    spec.checkpoint_mib = options.checkpoint_mib;
  }
  return spec;
}

Result<std::pair<std::uint32_t, std::uint32_t>> frame_span(const std::vector<openjd::Step>& steps) {
  std::pair<std::uint32_t, std::uint32_t> span{0, 0};
  bool any = false;
  for (const openjd::Step& step : steps) {
    auto sampled = sample_tasks(step.script, [&](const openjd::ResolvedTask& task) -> Result<void> {
      if (!is_render_command(task.line.command)) return {};
      auto rendered = render_task(task.line.command, task.line.args);
      if (!rendered) return in_step(step.name, rendered.error());
      const auto frame = static_cast<std::uint32_t>(rendered->frame);
      span = any ? std::pair{std::min(span.first, frame), std::max(span.second, frame)}
                 : std::pair{frame, frame};
      any = true;
      return {};
    });
    if (!sampled) return sampled.error();
  }
  return span;
}

}  // namespace reeve::client
