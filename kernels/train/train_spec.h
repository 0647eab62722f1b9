#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// What a training run is: everything that its result depends on, and nothing of who computes it.
namespace reeve::kernels {

/// The version of what a training task computes: any change of a bit of any output raises it.
inline constexpr std::uint32_t kTrainContract = 1;

/// Bounds that decoders hold, so that bytes of a stranger cost bounded memory and time.
inline constexpr std::uint32_t kMaxLayers = 64;
inline constexpr std::uint32_t kMaxWidth = 1u << 14;             // of a layer, and of a row of a data set
inline constexpr std::uint32_t kMaxClasses = 256;                // labels are bytes
inline constexpr std::uint32_t kMaxContext = 1u << 12;           // attention keeps its square in memory
inline constexpr std::uint64_t kMaxParameters = 1u << 28;        // a state of 3 GiB
inline constexpr std::uint32_t kMaxMicroBatch = 1u << 14;        // samples
inline constexpr std::uint64_t kMaxMicroBatchFloats = 1u << 28;  // of activations: 1 GiB
inline constexpr std::uint32_t kMaxMicroBatchesAGeneration = 1u << 12;  // see kernels/train/fixed_gradient.h
inline constexpr std::uint32_t kMaxGenerations = 1u << 20;
inline constexpr std::uint32_t kMaxStaleness = 16;
inline constexpr std::uint32_t kMaxGradientScaleLog2 = 60;
inline constexpr std::uint32_t kVocabulary = 256;  ///< tokens are bytes

enum class ModelKind : std::uint32_t { kMlp = 0, kGpt = 1 };
enum class Activation : std::uint32_t { kGelu = 0, kRelu = 1 };
enum class OptimizerKind : std::uint32_t { kAdamw = 0, kSgd = 1 };
enum class RateShape : std::uint32_t { kConstant = 0, kCosine = 1 };

/// Dense layers from a row of features to a score for each class.
struct MlpSpec {
  std::uint32_t features = 0, classes = 0;
  std::vector<std::uint32_t> hidden;  ///< width of each hidden layer; empty: one layer in all
  Activation activation = Activation::kGelu;
  bool operator==(const MlpSpec&) const = default;
};

/// A decoder over bytes: learned positions, layernorm before each part.
/// Source: A. Radford et al., "Language models are unsupervised multitask learners", 2019.
struct GptSpec {
  std::uint32_t context = 0;  ///< tokens
  std::uint32_t layers = 0, heads = 0;
  std::uint32_t width = 0;  ///< floats a token; a multiple of heads
  bool tied_head = true;    ///< whether scores use the token embedding
  bool operator==(const GptSpec&) const = default;
};

struct OptimizerSpec {
  OptimizerKind kind = OptimizerKind::kAdamw;
  float beta1 = 0.9f, beta2 = 0.99f, epsilon = 1e-8f;  ///< AdamW
  float momentum = 0.9f;                               ///< SGD; 0: without
  float weight_decay = 0.01f;                          ///< of matrices alone
  bool operator==(const OptimizerSpec&) const = default;
};

/// The learning rate rises over `warm_up` generations from 0 to `peak`, then stays, or falls on a half cosine
/// to `last` in the last generation.
struct RateSpec {
  RateShape shape = RateShape::kCosine;
  float peak = 1e-3f, last = 1e-4f;
  std::uint32_t warm_up = 0;
  bool operator==(const RateSpec&) const = default;
};

struct TrainSpec {
  ModelKind model = ModelKind::kMlp;
  MlpSpec mlp;  ///< counts where model is kMlp
  GptSpec gpt;  ///< counts where model is kGpt
  OptimizerSpec optimizer;
  RateSpec rate;
  std::uint32_t micro_batch = 0;    ///< samples whose gradient is one float sum
  std::uint32_t micro_batches = 0;  ///< of a generation; their gradients are summed as integers
  std::uint32_t shards =
      1;  ///< tasks of a generation, at most micro_batches; no bit of a state depends on it
  std::uint32_t generations = 0;
  /// Gradients of generation g are taken at the state after max(0, g - staleness) updates.
  std::uint32_t staleness = 0;
  std::uint64_t seed = 0;
  std::uint32_t gradient_scale_log2 = 36;  ///< a gradient's unit is 2^-this; entries stay below 2^(51 - this)
  bool operator==(const TrainSpec&) const = default;
};

/// Whether the spec keeps its bounds; if not, `error` names the field, its value and the remedy.
bool check_train_spec(const TrainSpec& spec, std::string& error);

std::vector<std::uint8_t> encode_train_spec(const TrainSpec& spec);

/// Insists on check_train_spec, on this contract's version, and on no byte too few or too many.
bool decode_train_spec(std::span<const std::uint8_t> bytes, TrainSpec& spec, std::string& error);

/// Says in one number which spec a state or a gradient belongs to; the number of shards is left out.
std::uint64_t train_spec_hash(const TrainSpec& spec);

/// The state that gradients of a generation are taken at, as its number of updates.
constexpr std::uint32_t base_updates(const TrainSpec& spec, std::uint32_t generation) {
  return generation > spec.staleness ? generation - spec.staleness : 0;
}

/// The micro-batches first..last-1 of a generation that a shard computes.
struct ShardRange {
  std::uint32_t first = 0, last = 0;
};
constexpr ShardRange shard_range(const TrainSpec& spec, std::uint32_t shard) {
  const auto bound = [&spec](std::uint64_t at) {
    return static_cast<std::uint32_t>(at * spec.micro_batches / spec.shards);
  };
  return {bound(shard), bound(std::uint64_t{shard} + 1)};
}

}  // namespace reeve::kernels
