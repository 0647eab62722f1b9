#include "client/train/train_job.h"

#include <algorithm>

#include "client/kernels_table.h"
#include "client/quantities.h"
#include "kernels/train/dataset.h"
#include "kernels/train/train.h"
#include "openjd/step_script.h"
#include "protocol/digest.h"
#include "protocol/limits.h"

namespace reeve::client {
namespace {

/// Of a result: small enough for a referee's answer to name where two differ, large enough that the largest
/// result has no more leaves than a task may have.
constexpr std::uint32_t kLeafBytes = 64U << 10;
/// What a worker hands to its agent at once.
constexpr std::uint64_t kMostResultBytes = (1ULL << 30) - (64U << 10);

Error wrong(const std::string& error) {
  return {ErrorCode::kInvalid, error, "docs/guides/training.md lists every key and its bounds"};
}

/// Multiplications and additions of one shard, about: forwards, and twice that backwards.
std::uint64_t work_of(const kernels::TrainSpec& spec) {
  constexpr std::uint64_t kMostWork = 1'000'000'000'000'000;
  const std::uint64_t rows = spec.model == kernels::ModelKind::kGpt ? spec.gpt.context : 1;
  const std::uint64_t batches = (spec.micro_batches + spec.shards - 1) / spec.shards;
  __extension__ using Wide = unsigned __int128;
  const Wide work = Wide{6} * kernels::parameter_count(spec) * rows * spec.micro_batch * batches;
  return static_cast<std::uint64_t>(std::min<Wide>(work, kMostWork));
}

Input blob_input(Bytes bytes, const std::string& label) {
  Input input;
  input.digest = sha256(bytes);
  input.size_bytes = bytes.size();
  input.content = std::move(bytes);
  input.label = label;
  return input;
}

Result<void> check(const TrainConfig& config, const Bytes& data, std::uint64_t result_bytes) {
  const Iteration iteration{config.spec.generations, config.spec.shards, 0, 0};
  kernels::Dataset dataset;
  std::string error;
  if (!kernels::decode_dataset(data, dataset, error) || !kernels::check_dataset(config.spec, dataset, error))
    return wrong(error);
  if (config.spec.shards > limits::kShardsPerGeneration)
    return wrong("train.shards " + std::to_string(config.spec.shards) + " is out of bounds: at most " +
                 std::to_string(limits::kShardsPerGeneration));
  if (iteration.task_count() > limits::kTasksPerStep)
    return wrong("train.generations " + std::to_string(config.spec.generations) + " of " +
                 std::to_string(config.spec.shards) + " shards are too many tasks: at most " +
                 std::to_string(limits::kTasksPerStep));
  if (result_bytes > kMostResultBytes)
    return Error{ErrorCode::kExhausted,
                 "the model's state or gradient takes " + format_size(result_bytes) + ", at most " +
                     format_size(kMostResultBytes) + " travel",
                 "train a smaller model"};
  return {};
}

Result<Bytes> script_of(const Digest& config, const Digest& data) {
  openjd::StepScript script;
  script.on_run.command = openjd::FormatString::literal(std::string(kCommandPrefix) + "train");
  for (const std::string& word :
       {std::string("--config"), blob_reference(config), std::string("--data"), blob_reference(data)})
    script.on_run.args.push_back(openjd::FormatString::literal(word));
  return openjd::encode_step(script);
}

}  // namespace

Result<BuiltJob> build_training(const TrainConfig& config, Bytes data, const SubmitOptions& options) {
  std::string error;
  if (!kernels::check_train_spec(config.spec, error)) return wrong(error);
  const std::uint64_t result_bytes =
      std::max(kernels::train_state_bytes(config.spec), kernels::train_gradient_bytes(config.spec));
  if (auto fits = check(config, data, result_bytes); !fits) return fits.error();
  BuiltJob built;
  built.inputs.push_back(blob_input(kernels::encode_train_spec(config.spec), "configuration"));
  built.inputs.push_back(blob_input(std::move(data), "data"));
  auto script = script_of(built.inputs[0].digest, built.inputs[1].digest);
  if (!script) return script.error();
  built.spec = empty_spec(options, config.name);
  StepSpec step;
  step.name = "train";
  step.iteration = {config.spec.generations, config.spec.shards, config.spec.staleness, config.keep_every};
  step.task_count = static_cast<std::uint32_t>(step.iteration.task_count());
  step.need.kernel = {"train", kernels::kTrainContract};
  step.need.tags = options.tags;
  std::sort(step.need.tags.begin(), step.need.tags.end());
  step.leaf_bytes = kLeafBytes;
  step.work_per_task = work_of(config.spec);
  step.max_result_bytes = result_bytes;
  step.time_limit = options.time_limit.value_or(kDefaultTimeLimit);
  step.script = std::move(*script);
  for (const Input& input : built.inputs)
    step.inputs.push_back(input.digest);
  built.spec.steps.push_back(std::move(step));
  return built;
}

}  // namespace reeve::client
