#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kernels/train/dataset.h"
#include "kernels/train/model_layout.h"
#include "kernels/train/train_kernel.h"
#include "kernels/train/train_spec.h"

/// Training as tasks whose results are the same bits on every processor, kernel and number of threads:
/// train_initial_state once; for each generation train_gradient once a shard, then train_update once.
///
/// All functions that may refuse return nothing and set `error` to the field, its value and the remedy.
namespace reeve::kernels {

using TrainBytes = std::vector<std::uint8_t>;

/// Called by the thread that called, after each micro-batch or batch of an evaluation; false cancels.
using TrainProgress = std::function<bool(std::uint32_t done, std::uint32_t all)>;

struct TrainOptions {
  unsigned threads = 1;  ///< 1..kMaxTrainThreads (kernels/train/team.h); the caller is one of them
  const TrainKernel* kernel = nullptr;  ///< null: the fastest that runs here
  TrainProgress progress;
};

/// Losses are summed as integers of this many bits behind the point.
inline constexpr std::uint32_t kLossScaleLog2 = 32;

/// Bytes of a state: the same for every generation of a spec.
std::uint64_t train_state_bytes(const TrainSpec& spec);

/// Bytes of the gradient of a shard.
std::uint64_t train_gradient_bytes(const TrainSpec& spec);

/// The state before the first generation, drawn from the spec's seed. Empty, with an error: the spec is
/// wrong.
TrainBytes train_initial_state(const TrainSpec& spec, std::string& error);

/// The sum of the gradients of a shard's micro-batches. `state` is the one after
/// base_updates(spec, generation) updates. Empty without an error: cancelled.
TrainBytes train_gradient(const TrainSpec& spec, const Dataset& dataset, std::span<const std::uint8_t> state,
                          std::uint32_t generation, std::uint32_t shard, const TrainOptions& options,
                          std::string& error);

/// The state after a generation, from the one before it and the gradients of all its shards in any order.
/// Empty without an error: cancelled.
TrainBytes train_update(const TrainSpec& spec, std::span<const std::uint8_t> state,
                        std::span<const std::span<const std::uint8_t>> gradients, std::uint32_t generation,
                        const TrainOptions& options, std::string& error);

/// What a state says of itself, and copies of what is in it.
struct TrainState {
  std::uint32_t updates = 0;
  std::vector<std::int64_t> loss_sums;  ///< one a generation done, 2^-kLossScaleLog2; see train_mean_loss
  std::vector<float> parameters;        ///< model_tensors says what lies where
};
bool read_train_state(const TrainSpec& spec, std::span<const std::uint8_t> bytes, TrainState& state,
                      std::string& error);

/// The mean loss a row (of a sample, or of a token) of a generation whose losses sum to loss_sum.
double train_mean_loss(const TrainSpec& spec, std::int64_t loss_sum);

struct TrainEvaluation {
  std::uint64_t rows = 0;     ///< images, or tokens
  std::uint64_t correct = 0;  ///< rows whose target had the highest score
  std::int64_t loss_sum = 0;  ///< 2^-kLossScaleLog2
};
/// Over a whole data set; a text is cut into pieces of the context's length, and what is left over is left
/// out. Returns false, without an error where it was cancelled.
bool train_evaluate(const TrainSpec& spec, std::span<const std::uint8_t> state, const Dataset& dataset,
                    const TrainOptions& options, TrainEvaluation& evaluation, std::string& error);

/// The class of the highest score of each of rows first..first + count - 1 of a set of images.
TrainBytes train_infer(const TrainSpec& spec, std::span<const std::uint8_t> state, const Dataset& dataset,
                       std::uint32_t first, std::uint32_t count, const TrainOptions& options,
                       std::string& error);

/// The scores [length, 256] of each next byte after each of 1..context bytes of text; [classes] of one image.
std::vector<float> train_logits(const TrainSpec& spec, std::span<const std::uint8_t> state,
                                std::span<const std::uint8_t> values, const TrainOptions& options,
                                std::string& error);

struct SampleRequest {
  std::uint32_t bytes = 0;   ///< to write
  float temperature = 1.0f;  ///< 0: always the likeliest byte
  std::uint64_t seed = 0;
};
inline constexpr std::uint32_t kMaxSampleBytes = 1u << 20;

/// Bytes that a gpt writes after a prompt of at least one byte; it sees the last `context` of them.
TrainBytes train_sample(const TrainSpec& spec, std::span<const std::uint8_t> state,
                        std::span<const std::uint8_t> prompt, const SampleRequest& request,
                        const TrainOptions& options, std::string& error);

}  // namespace reeve::kernels
