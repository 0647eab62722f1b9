#include <algorithm>
#include <fstream>

#include "agent/worker/task_kernel.h"
#include "kernels/train/train.h"
#include "protocol/digest.h"

namespace reeve::agent::worker {

/// What the tasks of a run share: what it is, what it learns from, and its state before the first generation.
/// All of it follows from the digests of its inputs, so that keeping it changes no bit.
struct TrainShelf {
  Digest config;
  Digest data;
  kernels::TrainSpec spec;
  Bytes data_bytes;
  kernels::Dataset dataset;
  kernels::TrainBytes first;
};

namespace {

Error refusal(std::string message, std::string hint = "submit the job again with `reeve train`") {
  return {ErrorCode::kInvalid, std::move(message), std::move(hint)};
}

Result<Bytes> read_file(const std::string& path, const char* what) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamoff>(file.tellg());
  if (!file || size < 0) return Error{ErrorCode::kIo, std::string("cannot read ") + what + " at " + path, ""};
  Bytes bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  if (size > 0 && !file.read(reinterpret_cast<char*>(bytes.data()), size))
    return Error{ErrorCode::kIo, std::string("cannot read ") + what + " at " + path, ""};
  return bytes;
}

Result<Digest> named_blob(const NamedArguments& args, const char* name) {
  const auto text = args.text(name);
  if (!text) return text.error();
  constexpr std::string_view kPrefix = "sha256:";
  Digest digest;
  if (!text.value().starts_with(kPrefix) ||
      !from_hex(std::string_view(text.value()).substr(kPrefix.size()), digest.bytes))
    return refusal("argument '" + std::string(name) + "' is '" + text.value() +
                   "'; it must be sha256: and 64 hexadecimal digits");
  return digest;
}

/// A gradient a shard, and an update that takes them all (kernels/train/train.h). A result is cut into the
/// leaves that its step says.
class TrainKernel final : public TaskKernel {
 public:
  TrainKernel(const StepDocument& document, const Digest& config, const Digest& data, WorkerContext& context)
      : TaskKernel(document.leaf_bytes),
        document_(document),
        config_(config),
        data_(data),
        context_(context) {}

  Result<void> run(TaskIndex task, Bytes& out) override {
    if (auto ready = load(); !ready) return ready;
    const Iteration& iteration = document_.iteration;
    if (task >= iteration.task_count())
      return refusal("task " + std::to_string(task) + " is beyond the run's " +
                     std::to_string(iteration.task_count()));
    auto earlier = earlier_results(task);
    if (!earlier) return earlier.error();
    const std::uint32_t generation = iteration.generation_of(task);
    const std::uint32_t shard = task - iteration.shards_of(generation).first;
    kernels::TrainOptions options;
    options.threads = context_.cpus;
    options.progress = [this](std::uint32_t, std::uint32_t) { return !context_.cancelled(); };
    const TrainShelf& run = *context_.training;
    std::string error;
    const kernels::TrainBytes result =
        iteration.is_update(task)
            ? kernels::train_update(run.spec, earlier->state, earlier->gradients, generation, options, error)
            : kernels::train_gradient(run.spec, run.dataset, earlier->state, generation, shard, options,
                                      error);
    if (!error.empty()) return refusal(error, "");
    if (result.empty()) return Error{ErrorCode::kTimeout, "the task was cancelled", ""};
    out.insert(out.end(), result.begin(), result.end());
    return {};
  }

 private:
  /// What a task goes on from, and the memory that holds it.
  struct Earlier {
    std::vector<Bytes> files;
    std::span<const std::uint8_t> state;
    std::vector<std::span<const std::uint8_t>> gradients;
  };

  Result<Earlier> earlier_results(TaskIndex task) const {
    const Iteration& iteration = document_.iteration;
    const bool update = iteration.is_update(task);
    const bool has_state = iteration.generation_of(task) > (update ? 0 : iteration.staleness);
    const std::size_t expected = (has_state ? 1U : 0U) + (update ? iteration.shards : 0U);
    if (document_.passed.size() != expected)
      return refusal("task " + std::to_string(task) + " came with " +
                     std::to_string(document_.passed.size()) + " earlier results, not " +
                     std::to_string(expected));
    Earlier earlier;
    for (const std::string& path : document_.passed) {
      auto bytes = read_file(path, "an earlier result");
      if (!bytes) return bytes.error();
      earlier.files.push_back(std::move(*bytes));
    }
    earlier.state =
        has_state ? std::span<const std::uint8_t>(earlier.files.front()) : context_.training->first;
    for (std::size_t i = has_state ? 1 : 0; i < earlier.files.size(); ++i)
      earlier.gradients.emplace_back(earlier.files[i]);
    return earlier;
  }

  Result<Bytes> input(const Digest& digest, const char* what) const {
    const auto found = std::find_if(document_.inputs.begin(), document_.inputs.end(),
                                    [&digest](const auto& candidate) { return candidate.first == digest; });
    if (found == document_.inputs.end())
      return refusal(std::string(what) + " sha256:" + to_hex(digest) + " is no input of its step");
    return read_file(found->second, what);
  }

  Result<void> load() {
    if (context_.training && context_.training->config == config_ && context_.training->data == data_)
      return {};
    context_.training.reset();
    auto fresh = std::make_shared<TrainShelf>();
    fresh->config = config_;
    fresh->data = data_;
    const auto config = input(config_, "the configuration");
    if (!config) return config.error();
    auto data = input(data_, "the data set");
    if (!data) return data.error();
    fresh->data_bytes = std::move(*data);
    std::string error;
    if (!kernels::decode_train_spec(*config, fresh->spec, error) ||
        !kernels::decode_dataset(fresh->data_bytes, fresh->dataset, error) ||
        !kernels::check_dataset(fresh->spec, fresh->dataset, error))
      return refusal(error);
    const kernels::TrainSpec& spec = fresh->spec;
    const Iteration& iteration = document_.iteration;
    if (iteration.generations != spec.generations || iteration.shards != spec.shards ||
        iteration.staleness != spec.staleness)
      return refusal("the step's iteration is not that of its configuration");
    fresh->first = kernels::train_initial_state(spec, error);
    if (!error.empty()) return refusal(error);
    context_.training = std::move(fresh);
    return {};
  }

  StepDocument document_;
  Digest config_;
  Digest data_;
  WorkerContext& context_;
};

}  // namespace

Result<std::unique_ptr<TaskKernel>> bind_train(const StepDocument& document, const openjd::StepScript& script,
                                               WorkerContext& context) {
  openjd::ResolvedTask resolved;
  openjd::resolve_task_into(script, 0, {}, resolved);
  const auto args = NamedArguments::read(resolved.line.args);
  if (!args) return args.error();
  const auto config = named_blob(*args, "--config");
  if (!config) return config.error();
  const auto data = named_blob(*args, "--data");
  if (!data) return data.error();
  return std::unique_ptr<TaskKernel>(new TrainKernel(document, *config, *data, context));
}

}  // namespace reeve::agent::worker
