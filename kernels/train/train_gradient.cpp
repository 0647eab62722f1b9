#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels/core/float_environment.h"
#include "kernels/train/fixed_gradient.h"
#include "kernels/train/train_format.h"

namespace reeve::kernels {
namespace {

static_assert(kMaxMicroBatchesAGeneration <= kMaxMicroBatches);

/// Entries that one thread converts at a time.
constexpr std::size_t kChunk = 1u << 14;

/// Which tensor an entry belongs to, and what is wrong with it.
std::string describe_entry(const TrainSpec& spec, std::size_t at, float value, std::uint32_t micro_batch,
                           std::uint32_t generation) {
  const auto tensors = model_tensors(spec);
  const auto after =
      std::upper_bound(tensors.begin(), tensors.end(), at,
                       [](std::size_t entry, const TensorInfo& t) { return entry < t.offset; });
  const TensorInfo& tensor = *std::prev(after);
  const std::string where = "training: the gradient of " + tensor.name + "[" +
                            std::to_string(at - tensor.offset) + "] in micro-batch " +
                            std::to_string(micro_batch) + " of generation " + std::to_string(generation) +
                            " is " + float_text(value);
  if (value != value) return where + ": lower the learning rate, and look for what is not finite";
  return where + ", too large for gradient_scale_log2 = " + std::to_string(spec.gradient_scale_log2) +
         ": entries must stay below 2^" + std::to_string(51 - static_cast<int>(spec.gradient_scale_log2)) +
         "; lower the scale or the learning rate";
}

/// A shard in the making.
class ShardRun {
 public:
  ShardRun(const TrainSpec& spec, const Dataset& dataset, std::span<const std::uint8_t> state,
           std::uint32_t generation, const TrainOptions& options)
      : spec_(spec),
        dataset_(dataset),
        generation_(generation),
        ready_(spec, options, spec.micro_batch, state),
        gradient_(ready_.parameters.size()),
        sums_(ready_.parameters.size()),
        rows_(spec.micro_batch) {}

  bool add(std::uint32_t micro_batch, std::string& error) {
    draw_samples(spec_, dataset_, generation_, micro_batch, rows_);
    fill_batch(spec_, dataset_, rows_, batch_);
    const ModelInput input = batch_.input();
    losses_.resize(ready_.model->rows(input));
    ready_.model->forward(ready_.parameters.data(), input);
    ready_.model->backward(ready_.parameters.data(), input, batch_.targets, gradient_.data(), losses_.data());
    const std::size_t bad = add_gradient();
    if (bad < gradient_.size()) {
      error = describe_entry(spec_, bad, gradient_[bad], micro_batch, generation_);
      return false;
    }
    return add_losses(losses_, loss_sum_, error);
  }

  TrainBytes take(std::uint32_t shard) const {
    TrainBytes bytes(train_gradient_bytes(spec_));
    write_gradient_header(spec_, {generation_, shard, loss_sum_}, bytes.data());
    std::memcpy(bytes.data() + kTrainHeaderBytes, sums_.data(), sums_.size() * sizeof(std::int64_t));
    return bytes;
  }

 private:
  /// Returns the first entry that cannot be added, or the number of entries.
  std::size_t add_gradient() {
    const std::size_t n = gradient_.size();
    std::atomic<std::size_t> first_bad{n};
    ready_.team.run((n + kChunk - 1) / kChunk, [&](std::size_t part, float*) {
      const std::size_t at = part * kChunk;
      const std::size_t size = std::min(kChunk, n - at);
      const std::size_t done = ready_.layers.ops().add_fixed(size, spec_.gradient_scale_log2,
                                                             gradient_.data() + at, sums_.data() + at);
      if (done == size) return;
      std::size_t known = first_bad.load();
      while (at + done < known && !first_bad.compare_exchange_weak(known, at + done)) {
      }
    });
    return first_bad.load();
  }

  const TrainSpec& spec_;
  const Dataset& dataset_;
  const std::uint32_t generation_;
  ReadyModel ready_;
  std::vector<float> gradient_;
  std::vector<std::int64_t> sums_;
  std::int64_t loss_sum_ = 0;
  std::vector<std::uint32_t> rows_;
  Batch batch_;
  std::vector<float> losses_;
};

bool check_place(const TrainSpec& spec, const StateHeader& header, std::uint32_t generation,
                 std::uint32_t shard, std::string& error) {
  if (generation >= spec.generations) {
    error = "training: generation = " + std::to_string(generation) + " must lie in 0.." +
            std::to_string(spec.generations - 1);
    return false;
  }
  if (shard >= spec.shards) {
    error =
        "training: shard = " + std::to_string(shard) + " must lie in 0.." + std::to_string(spec.shards - 1);
    return false;
  }
  if (header.updates != base_updates(spec, generation)) {
    error = "training state: updates = " + std::to_string(header.updates) + " where generation " +
            std::to_string(generation) + " needs the state after " +
            std::to_string(base_updates(spec, generation)) + "; give it that one";
    return false;
  }
  return true;
}

}  // namespace

std::uint64_t train_gradient_bytes(const TrainSpec& spec) {
  return kTrainHeaderBytes + parameter_count(spec) * sizeof(std::int64_t);
}

TrainBytes train_gradient(const TrainSpec& spec, const Dataset& dataset, std::span<const std::uint8_t> state,
                          std::uint32_t generation, std::uint32_t shard, const TrainOptions& options,
                          std::string& error) {
  error.clear();
  StateHeader header;
  if (!check_run(spec, options, state, header, error) || !check_dataset(spec, dataset, error) ||
      !check_place(spec, header, generation, shard, error))
    return {};
  const FloatEnvironment float_environment;
  ShardRun run(spec, dataset, state, generation, options);
  const ShardRange range = shard_range(spec, shard);
  for (std::uint32_t micro_batch = range.first; micro_batch < range.last; ++micro_batch) {
    if (!run.add(micro_batch, error)) return {};
    if (options.progress && !options.progress(micro_batch - range.first + 1, range.last - range.first))
      return {};
  }
  return run.take(shard);
}

}  // namespace reeve::kernels
