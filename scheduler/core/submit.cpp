#include <algorithm>

#include "protocol/comparison.h"
#include "protocol/limits.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

constexpr MicroCredits kMostTaskPrice =
    1'000'000'000'000;  // a million credits: keeps sums over any step within int64
constexpr std::uint64_t kMostWork = 1'000'000'000'000'000;  // leaf work of a task
constexpr Duration kMostTimeLimit = hours(30 * 24);
constexpr std::uint32_t kMostRetries = 100;
constexpr std::size_t kNeeds = 65'536;  // distinct requirements since the boot

Error invalid(std::string message, std::string hint) {
  return {ErrorCode::kInvalid, std::move(message), std::move(hint)};
}

bool good_text(const std::string& text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::optional<Error> check_comparison(const StepSpec& step, const std::string& where) {
  if (is_exact(step.compare)) return std::nullopt;
  if (step.compare.size() > limits::kTextBytes)
    return invalid(where + "compare has " + std::to_string(step.compare.size()) + " bytes",
                   "at most " + std::to_string(limits::kTextBytes));
  if (const Result<Comparison> comparison = parse_comparison(step.compare); !comparison)
    return invalid(where + "compare '" + step.compare + "': " + comparison.error().message,
                   comparison.error().hint);
  if (!is_program(step.need.kernel))
    return invalid(where + "compare '" + step.compare + "' is for programs alone",
                   "leave it out: results of a kernel agree when their roots do");
  if (step.leaf_bytes != 0)
    return invalid(
        where + "leaf_bytes " + std::to_string(step.leaf_bytes) + " with compare '" + step.compare + "'",
        "a program's result is one leaf: leave leaf_bytes out");
  return std::nullopt;
}

std::optional<Error> check_gang(const StepSpec& step, const std::string& where) {
  if (step.gang_min == 0 && step.gang_max == 0) return std::nullopt;
  const std::string gang = std::to_string(step.gang_min) + ":" + std::to_string(step.gang_max);
  if (step.gang_min < 1 || step.gang_max < step.gang_min || step.gang_max > limits::kGangMembers)
    return invalid(where + "gang " + gang + " is out of bounds",
                   "at least 1 slot, at most " + std::to_string(limits::kGangMembers) + ", the least first");
  if (!is_program(step.need.kernel))
    return invalid(where + "gang " + gang + " of the kernel " + step.need.kernel.name,
                   "gangs are of programs: a kernel's task runs on one slot");
  return std::nullopt;
}

/// What a task may have of earlier attempts, and how many run at once.
std::optional<Error> check_retries(const StepSpec& step, const std::string& where) {
  if (step.most_memory_mib > 0 && (step.need.memory_mib == 0 || step.most_memory_mib < step.need.memory_mib))
    return invalid(where + "most_memory_mib " + std::to_string(step.most_memory_mib) +
                       " is no more than the memory of a first attempt, " +
                       std::to_string(step.need.memory_mib) + " MiB",
                   "ask for memory (`--mem`) and at most for more (`--mem-max`)");
  if (step.checkpoint_mib > limits::kCheckpointMib)
    return invalid(where + "checkpoint_mib " + std::to_string(step.checkpoint_mib) + " is too much",
                   "at most " + std::to_string(limits::kCheckpointMib));
  if (!is_program(step.need.kernel) && (step.most_memory_mib > 0 || step.checkpoint_mib > 0))
    return invalid(where + "most_memory_mib and checkpoint_mib are for programs alone",
                   "leave them out: a kernel's task is short and knows its memory");
  return std::nullopt;
}

/// What a step that goes on from its own results has of tasks, and who confirms them.
std::optional<Error> check_iteration(const StepSpec& step, const VerifyPolicy& verify,
                                     const std::string& where) {
  const Iteration& iteration = step.iteration;
  if (iteration == Iteration{}) return std::nullopt;
  if (iteration.generations < 1 || iteration.shards < 1 || iteration.shards > limits::kShardsPerGeneration)
    return invalid(where + "iteration of " + std::to_string(iteration.generations) + " generations of " +
                       std::to_string(iteration.shards) + " shards is out of bounds",
                   "at least 1 of each, at most " + std::to_string(limits::kShardsPerGeneration) + " shards");
  if (iteration.staleness > limits::kStaleness)
    return invalid(where + "iteration.staleness " + std::to_string(iteration.staleness) + " is too much",
                   "0 to " + std::to_string(limits::kStaleness) + " generations");
  if (iteration.task_count() != step.task_count)
    return invalid(where + "task_count " + std::to_string(step.task_count) + " is not that of its iteration",
                   std::to_string(iteration.generations) + " generations of " +
                       std::to_string(iteration.shards) + " shards and an update are " +
                       std::to_string(iteration.task_count()) + " tasks, of at most " +
                       std::to_string(limits::kTasksPerStep));
  if (is_program(step.need.kernel))
    return invalid(where + "iteration is for kernels alone",
                   "a program's tasks do not get each other's results: let steps depend on one another");
  if (verify.mode == VerifyMode::kQuorum && verify.quorum < 2)
    return invalid(where + "iteration with a quorum of " + std::to_string(verify.quorum),
                   "what a generation gives is confirmed by 2 owners at least; or take it unchecked, with "
                   "`--verify none`");
  return std::nullopt;
}

std::optional<Error> check_step(const JobSpec& spec, StepIndex index) {
  const StepSpec& step = spec.steps[index];
  const std::string where = "steps[" + std::to_string(index) + "].";
  if (!good_text(step.name, limits::kStepNameBytes))
    return invalid(where + "name is empty, too long or has control characters",
                   "use 1 to 512 printable characters");
  if (step.task_count < 1 || step.task_count > limits::kTasksPerStep)
    return invalid(where + "task_count " + std::to_string(step.task_count) + " is out of bounds",
                   "a step has 1 to 4294967294 tasks");
  if (!good_text(step.need.kernel.name, limits::kNameBytes))
    return invalid(where + "need.kernel is missing", "name a built-in kernel");
  if (step.need.tags.size() > limits::kTagsPerNeed ||
      !std::is_sorted(step.need.tags.begin(), step.need.tags.end()))
    return invalid(where + "need.tags are too many or not sorted", "at most 16, ascending");
  for (const std::string& tag : step.need.tags)
    if (!good_text(tag, limits::kNameBytes))
      return invalid(where + "need.tags has a malformed tag", "use 1 to 64 printable characters");
  if (step.script.size() > limits::kStepScriptBytes)
    return invalid(where + "script has " + std::to_string(step.script.size()) + " bytes", "at most 65536");
  if (step.inputs.size() > limits::kInputsPerStep)
    return invalid(where + "inputs: " + std::to_string(step.inputs.size()), "at most 64");
  if (step.work_per_task > kMostWork)
    return invalid(where + "work_per_task " + std::to_string(step.work_per_task) + " is too large",
                   "split the task");
  if (step.max_result_bytes < 1 || step.max_result_bytes > limits::kBlobBytes)
    return invalid(where + "max_result_bytes " + std::to_string(step.max_result_bytes) + " is out of bounds",
                   "1 byte to 16 GiB");
  if (step.time_limit.ns < 1'000'000 || step.time_limit > kMostTimeLimit)
    return invalid(where + "time_limit is out of bounds", "1 ms to 30 days");
  if (auto error = check_comparison(step, where)) return error;
  if (auto error = check_gang(step, where)) return error;
  if (auto error = check_retries(step, where)) return error;
  if (auto error = check_iteration(step, spec.verify, where)) return error;
  StepIndex last = 0;
  for (std::size_t i = 0; i < step.depends_on.size(); ++i) {
    const StepIndex other = step.depends_on[i];
    if (other >= index || (i > 0 && other <= last))
      return invalid(where + "depends_on names step " + std::to_string(other),
                     "name earlier steps, ascending");
    last = other;
  }
  return std::nullopt;
}

std::optional<Error> check_job(const Region& region, const JobSpec& spec, PartyId requester) {
  if (!good_text(spec.name, limits::kJobNameBytes))
    return invalid("name is empty, too long or has control characters", "use 1 to 512 printable characters");
  if (spec.steps.empty() || spec.steps.size() > limits::kStepsPerJob)
    return invalid("steps: " + std::to_string(spec.steps.size()), "a job has 1 to 256 steps");
  if (spec.priority < -100 || spec.priority > 100)
    return invalid("priority " + std::to_string(spec.priority) + " is out of bounds", "-100 to 100");
  if (spec.verify.mode > VerifyMode::kNone || spec.verify.quorum < 1 || spec.verify.quorum > limits::kQuorum)
    return invalid("verify quorum " + std::to_string(spec.verify.quorum) + " is out of bounds",
                   "1 to 5 owners");
  if (spec.max_retries > kMostRetries)
    return invalid("max_retries " + std::to_string(spec.max_retries) + " is out of bounds", "0 to 100");
  if (spec.max_price < 0) return invalid("max_price is negative", "0 for what the quote says");
  if (spec.after.size() > limits::kDependenciesPerJob)
    return invalid("after: " + std::to_string(spec.after.size()) + " jobs", "at most 64");
  for (const JobId other : spec.after) {
    const Job* job = region.durable.find_job(other);
    if (!other.valid() || other.value() >= region.durable.next_job ||
        (job != nullptr && job->requester != requester))
      return Error{ErrorCode::kNotFound, "after: job " + std::to_string(other.value()) + " does not exist",
                   "name a job of your own"};
  }
  for (StepIndex i = 0; i < spec.steps.size(); ++i)
    if (auto error = check_step(spec, i)) return error;
  return std::nullopt;
}

MicroCredits task_price(const Policy& policy, const StepSpec& step) {
  __extension__ using Wide = unsigned __int128;
  constexpr Wide kPer = 1'000'000'000'000;
  const Wide work = (Wide{step.work_per_task} * policy.work_price_per_1e12 + (kPer - 1)) / kPer;
  // A gang is paid as the fewest slots that could do its work: where it has more, it is done sooner.
  const Wide price = (work + static_cast<Wide>(policy.base_price)) * std::max(step.gang_min, 1U);
  return price > static_cast<Wide>(kMostTaskPrice) ? kMostTaskPrice + 1 : static_cast<MicroCredits>(price);
}

struct Quote {
  MicroCredits likely = 0;
  MicroCredits most = 0;
};

/// The whole job's price: as its policy makes likely, and if every task ran as often as it may. Saturates.
Quote quote(const JobSpec& spec, const std::vector<MicroCredits>& prices, const Policy& policy) {
  __extension__ using Wide = __int128;
  Wide likely = 0;
  Wide most = 0;
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const Wide once = Wide{prices[i]} * spec.steps[i].task_count;
    const bool floor = spec.verify.mode == VerifyMode::kAdaptive && !spec.steps[i].iterates();
    most += once * most_attempts(spec.verify);
    likely += floor ? once + once * policy.floor_ppm / 1'000'000 : once * most_attempts(spec.verify);
  }
  constexpr Wide kTop = INT64_MAX;
  return {static_cast<MicroCredits>(std::min(likely, kTop)), static_cast<MicroCredits>(std::min(most, kTop))};
}

/// The requester must have what the first window of the dearest step can cost; later windows are held as they
/// come.
std::optional<Error> check_funds(const Region& region, const JobSpec& spec,
                                 const std::vector<MicroCredits>& prices, PartyId requester) {
  __extension__ using Wide = __int128;
  const Wide attempts = most_attempts(spec.verify);
  Wide dearest = 0;
  std::uint32_t tasks = 0;
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const std::uint32_t window =
        std::min(spec.steps[i].task_count, region.durable.policy.escrow_window_tasks);
    const Wide cost = attempts * prices[i] * window;
    if (cost > dearest) dearest = cost, tasks = window;
  }
  const MicroCredits there =
      region.durable.ledger.account({AccountKind::kAvailable, requester.value()}).available();
  if (there >= dearest) return std::nullopt;
  const Wide shown = std::min(dearest, Wide{INT64_MAX});
  return Error{ErrorCode::kExhausted,
               "credits: you have " + std::to_string(there) + " micro-credits, the first " +
                   std::to_string(tasks) + " tasks can cost " +
                   std::to_string(static_cast<MicroCredits>(shown)),
               "ask the region's operator to fund your account (`reeve region fund`), or submit less work"};
}

std::optional<Error> check_price(const JobSpec& spec, const Quote& price) {
  if (spec.max_price == 0 || price.most <= spec.max_price) return std::nullopt;
  return invalid("max_price " + std::to_string(spec.max_price) +
                     " micro-credits is below the quote: likely " + std::to_string(price.likely) +
                     ", at most " + std::to_string(price.most),
                 "allow what the quote says at most, or submit less work or less verification");
}

std::optional<Error> check_means(const Region& region, const CommandReceived& input,
                                 const std::vector<MicroCredits>& prices, PartyId requester) {
  if (!input.missing_inputs.empty())
    return Error{ErrorCode::kNotFound,
                 "input sha256:" + to_hex(input.missing_inputs.front().bytes) + " is not in the region",
                 "upload it first: `reeve submit` and `reeve render` do"};
  for (std::size_t i = 0; i < prices.size(); ++i)
    if (prices[i] > kMostTaskPrice)
      return invalid("steps[" + std::to_string(i) + "] would cost more than a million credits a task",
                     "split the task");
  const auto open = region.live.open_jobs.find(requester);
  if (open != region.live.open_jobs.end() && open->second >= region.durable.policy.open_jobs_per_requester)
    return Error{ErrorCode::kExhausted,
                 "you have " + std::to_string(open->second) + " open jobs, the most allowed",
                 "wait until some end, or cancel some: `reeve job list`"};
  if (region.live.needs.size() >= kNeeds)
    return Error{ErrorCode::kExhausted, "too many different requirements", "use fewer distinct tags"};
  return std::nullopt;
}

}  // namespace

void submit(Region& region, const CommandReceived& input, const msg::SubmitJob& submission,
            const CommandRef& ref) {
  const PartyId requester = ref.party;
  const JobSpec& spec = submission.spec;
  if (auto error = check_job(region, spec, requester)) return refuse(region, input, std::move(*error));
  std::vector<MicroCredits> prices;
  for (const StepSpec& step : spec.steps)
    prices.push_back(task_price(region.durable.policy, step));
  const Quote price = quote(spec, prices, region.durable.policy);
  if (submission.only_quote)
    return reply(region, input.from, input.command.request, msg::Accepted{{}, price.likely, price.most});
  if (auto error = check_means(region, input, prices, requester))
    return refuse(region, input, std::move(*error));
  if (auto error = check_price(spec, price)) return refuse(region, input, std::move(*error));
  if (auto error = check_funds(region, spec, prices, requester))
    return refuse(region, input, std::move(*error));

  const JobId id(region.durable.next_job);
  JobSpec bounded = spec;
  if (bounded.max_price == 0) bounded.max_price = price.most;
  CommandRef answered = ref;
  answered.result = id.value();
  region.emit(JobAccepted{id, requester, std::move(bounded), std::move(prices), region.now, answered});
  ++region.live.open_jobs[requester];
  if (submission.notify) region.live.subscribers[id] = {input.from};
  reply(region, input.from, input.command.request, msg::Accepted{id, price.likely, price.most});
  open_ready_steps(region, id);
}

}  // namespace reeve::core
