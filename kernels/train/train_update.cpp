#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels/core/float_environment.h"
#include "kernels/core/math.h"
#include "kernels/core/rng.h"
#include "kernels/train/rate.h"
#include "kernels/train/train_format.h"

namespace reeve::kernels {
namespace {

/// Entries that one thread updates at a time.
constexpr std::uint64_t kChunk = 1u << 14;

/// Four standard normal numbers. Source: G. Box, M. Muller, Ann. Math. Stat. 29(2), 1958.
struct Normal4 {
  float value[4];
};
Normal4 draw_normals(std::uint64_t seed, std::uint32_t tensor, std::uint32_t quad) {
  const Random4 draw = philox({{quad, tensor, 0, static_cast<std::uint32_t>(DrawStream::kParameters)}}, seed);
  Normal4 normals{};
  for (int pair = 0; pair < 2; ++pair) {
    const F32 above_zero = to_unit(draw.word[2 * pair]) + F32(0x1p-24f);
    const F32 radius = sqrt(F32(-2) * log(above_zero));
    const SinCos turn = sin_cos_pi(F32(2) * to_unit(draw.word[2 * pair + 1]));
    normals.value[2 * pair] = (radius * turn.cos).value;
    normals.value[2 * pair + 1] = (radius * turn.sin).value;
  }
  return normals;
}

void draw_tensor(const TensorInfo& tensor, std::uint32_t index, std::uint64_t seed, float* parameters) {
  Normal4 normals{};
  for (std::uint64_t i = 0; i < tensor.size; ++i) {
    if (tensor.spread > 0 && i % 4 == 0)
      normals = draw_normals(seed, index, static_cast<std::uint32_t>(i / 4));
    parameters[tensor.offset + i] =
        fma(F32(tensor.spread), F32(normals.value[i % 4]), F32(tensor.initial)).value;
  }
}

bool refuse(std::string& error, const std::string& why) {
  error = "training: " + why;
  return false;
}

/// The gradients of a generation, one a shard, checked.
struct Gradients {
  std::vector<const std::uint8_t*> sums;  ///< of each shard, i64 [parameters], perhaps not aligned
  std::int64_t loss_sum = 0;
};

bool read_gradients(const TrainSpec& spec, std::span<const std::span<const std::uint8_t>> bytes,
                    std::uint32_t generation, Gradients& gradients, std::string& error) {
  gradients.sums.assign(spec.shards, nullptr);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::string name = "gradient " + std::to_string(i) + " of " + std::to_string(bytes.size());
    GradientHeader header;
    if (!read_gradient_header(spec, bytes[i], header, error)) return refuse(error, name + ": " + error);
    if (header.generation != generation)
      return refuse(error, name + ": generation = " + std::to_string(header.generation) + " must be " +
                               std::to_string(generation));
    if (header.shard >= spec.shards)
      return refuse(error, name + ": shard = " + std::to_string(header.shard) + " must lie in 0.." +
                               std::to_string(spec.shards - 1));
    if (gradients.sums[header.shard] != nullptr)
      return refuse(error, name + ": shard = " + std::to_string(header.shard) + " is there twice");
    if (__builtin_add_overflow(gradients.loss_sum, header.loss_sum, &gradients.loss_sum))
      return refuse(error, name + ": with its loss_sum = " + std::to_string(header.loss_sum) +
                               " the generation's overflows; compute the gradient again");
    gradients.sums[header.shard] = bytes[i].data() + kTrainHeaderBytes;
  }
  const auto missing = std::find(gradients.sums.begin(), gradients.sums.end(), nullptr);
  if (missing == gradients.sums.end()) return true;
  return refuse(error, "the gradient of shard " + std::to_string(missing - gradients.sums.begin()) +
                           " is missing; give all " + std::to_string(spec.shards));
}

/// Entries of one tensor: a piece that one thread updates.
struct Piece {
  const TensorInfo* tensor;
  std::uint64_t first, size;  // in the parameters
};

std::vector<Piece> pieces_of(const std::vector<TensorInfo>& tensors) {
  std::vector<Piece> pieces;
  for (const TensorInfo& tensor : tensors) {
    for (std::uint64_t at = 0; at < tensor.size; at += kChunk)
      pieces.push_back({&tensor, tensor.offset + at, std::min(kChunk, tensor.size - at)});
  }
  return pieces;
}

class UpdateRun {
 public:
  UpdateRun(const TrainSpec& spec, const TrainOps& ops, const Gradients& gradients, std::uint32_t generation,
            TrainBytes& state)
      : spec_(spec), ops_(ops), gradients_(gradients), layout_(state_layout(spec)), state_(state) {
    const F32 rate(learning_rate(spec, generation));
    const F32 count = from_int(static_cast<std::int32_t>(generation) + 1);
    const auto correct = [count](float beta) { return (F32(1) / (F32(1) - pow(F32(beta), count))).value; };
    adamw_ = {spec.optimizer.beta1,
              spec.optimizer.beta2,
              correct(spec.optimizer.beta1),
              correct(spec.optimizer.beta2),
              spec.optimizer.epsilon,
              rate.value,
              0};
    sgd_ = {spec.optimizer.momentum, rate.value, 0};
  }

  /// Empty where all went well.
  std::string update(const Piece& piece) const {
    std::vector<std::int64_t> sums(piece.size);
    for (const std::uint8_t* shard : gradients_.sums) {
      for (std::uint64_t i = 0; i < piece.size; ++i) {
        std::int64_t part = 0;
        std::memcpy(&part, shard + (piece.first + i) * sizeof part, sizeof part);
        if (__builtin_add_overflow(sums[i], part, &sums[i]))
          return "training: the sum of the gradients of " + name(piece, i) + " overflows with " +
                 std::to_string(part) + "; compute the gradients again";
      }
    }
    std::vector<float> gradient(piece.size);
    ops_.from_fixed(piece.size, spec_.gradient_scale_log2, spec_.micro_batches, sums.data(), gradient.data());
    return step(piece, gradient);
  }

 private:
  std::string step(const Piece& piece, const std::vector<float>& gradient) const {
    std::vector<float> weights = load(layout_.parameters, piece);
    const float decay = piece.tensor->decays ? spec_.optimizer.weight_decay : 0.0f;
    const std::uint32_t moments = moment_count(spec_);
    std::vector<float> first = moments > 0 ? load(layout_.first_moment, piece) : std::vector<float>{};
    if (spec_.optimizer.kind == OptimizerKind::kAdamw) {
      AdamwFactors factors = adamw_;
      factors.decay = decay;
      std::vector<float> second = load(layout_.second_moment, piece);
      ops_.adamw(piece.size, factors, gradient.data(), weights.data(), first.data(), second.data());
      store(layout_.second_moment, piece, second);
    } else {
      SgdFactors factors = sgd_;
      factors.decay = decay;
      ops_.sgd(piece.size, factors, gradient.data(), weights.data(), moments > 0 ? first.data() : nullptr);
    }
    if (moments > 0) store(layout_.first_moment, piece, first);
    store(layout_.parameters, piece, weights);
    for (std::uint64_t i = 0; i < piece.size; ++i) {
      if (!(abs(F32(weights[i])) < infinity()))
        return "training: after the update " + name(piece, i) + " is " + float_text(weights[i]) +
               "; lower the learning rate";
    }
    return {};
  }

  static std::string name(const Piece& piece, std::uint64_t i) {
    return piece.tensor->name + "[" + std::to_string(piece.first - piece.tensor->offset + i) + "]";
  }
  std::vector<float> load(std::uint64_t section, const Piece& piece) const {
    std::vector<float> floats(piece.size);
    std::memcpy(floats.data(), state_.data() + section + piece.first * sizeof(float),
                piece.size * sizeof(float));
    return floats;
  }
  void store(std::uint64_t section, const Piece& piece, const std::vector<float>& floats) const {
    std::memcpy(state_.data() + section + piece.first * sizeof(float), floats.data(),
                piece.size * sizeof(float));
  }

  const TrainSpec& spec_;
  const TrainOps& ops_;
  const Gradients& gradients_;
  const StateLayout layout_;
  TrainBytes& state_;
  AdamwFactors adamw_;
  SgdFactors sgd_;
};

}  // namespace

std::uint64_t train_state_bytes(const TrainSpec& spec) {
  return state_layout(spec).size;
}

TrainBytes train_initial_state(const TrainSpec& spec, std::string& error) {
  error.clear();
  if (!check_train_spec(spec, error)) return {};
  const FloatEnvironment float_environment;
  std::vector<float> parameters(parameter_count(spec));
  const auto tensors = model_tensors(spec);
  for (std::uint32_t i = 0; i < tensors.size(); ++i)
    draw_tensor(tensors[i], i, spec.seed, parameters.data());
  const StateLayout layout = state_layout(spec);
  TrainBytes state(layout.size);
  write_state_header(spec, {0}, state.data());
  std::memcpy(state.data() + layout.parameters, parameters.data(), parameters.size() * sizeof(float));
  return state;
}

TrainBytes train_update(const TrainSpec& spec, std::span<const std::uint8_t> state,
                        std::span<const std::span<const std::uint8_t>> gradients, std::uint32_t generation,
                        const TrainOptions& options, std::string& error) {
  error.clear();
  StateHeader header;
  if (!check_run(spec, options, state, header, error)) return {};
  if (generation >= spec.generations || header.updates != generation) {
    refuse(error, "the state has updates = " + std::to_string(header.updates) + " and generation = " +
                      std::to_string(generation) + " of " + std::to_string(spec.generations) +
                      " is to follow; give the state after the generation before");
    return {};
  }
  Gradients checked;
  if (!read_gradients(spec, gradients, generation, checked, error)) return {};
  const FloatEnvironment float_environment;
  TrainBytes next(state.begin(), state.end());
  const auto tensors = model_tensors(spec);
  const auto pieces = pieces_of(tensors);
  std::vector<std::string> errors(pieces.size());
  const UpdateRun run(spec, *kernel_or_best(options).ops, checked, generation, next);
  Team team(options.threads);
  team.run(pieces.size(), [&](std::size_t i, float*) { errors[i] = run.update(pieces[i]); });
  const auto first = std::find_if(errors.begin(), errors.end(), [](const auto& e) { return !e.empty(); });
  if (first != errors.end()) {
    error = *first;
    return {};
  }
  write_state_header(spec, {generation + 1}, next.data());
  std::memcpy(next.data() + state_layout(spec).losses + std::uint64_t{generation} * sizeof checked.loss_sum,
              &checked.loss_sum, sizeof checked.loss_sum);
  return next;
}

bool read_train_state(const TrainSpec& spec, std::span<const std::uint8_t> bytes, TrainState& state,
                      std::string& error) {
  error.clear();
  StateHeader header;
  if (!check_train_spec(spec, error) || !read_state_header(spec, bytes, header, error)) return false;
  const StateLayout layout = state_layout(spec);
  state.updates = header.updates;
  state.loss_sums.resize(header.updates);
  state.parameters.resize(parameter_count(spec));
  std::memcpy(state.loss_sums.data(), bytes.data() + layout.losses,
              state.loss_sums.size() * sizeof(std::int64_t));
  std::memcpy(state.parameters.data(), bytes.data() + layout.parameters,
              state.parameters.size() * sizeof(float));
  return true;
}

double train_mean_loss(const TrainSpec& spec, std::int64_t loss_sum) {
  const std::uint64_t length = spec.model == ModelKind::kGpt ? spec.gpt.context : 1;
  const std::uint64_t rows = std::uint64_t{spec.micro_batch} * spec.micro_batches * length;
  return static_cast<double>(loss_sum) * 0x1p-32 / static_cast<double>(rows);
}

}  // namespace reeve::kernels
