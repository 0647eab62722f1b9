#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernels/train/model.h"
#include "kernels/train/train.h"

/// What the functions of train.h share: the layout of states and gradients, and the random draws.
namespace reeve::kernels {

static_assert(std::endian::native == std::endian::little,
              "states are little-endian and are copied as they lie");

/// Sections of a state begin at multiples of this.
inline constexpr std::uint64_t kStateAlignment = 64;
inline constexpr std::uint64_t kTrainHeaderBytes = 64;

/// Moments that the optimizer keeps of each parameter.
std::uint32_t moment_count(const TrainSpec& spec);

/// A state: header | loss sums i64 [generations] | parameters f32 | moments f32, each in turn. Offsets in
/// bytes.
struct StateLayout {
  std::uint64_t losses, parameters, first_moment, second_moment, size;
};
StateLayout state_layout(const TrainSpec& spec);

struct StateHeader {
  std::uint32_t updates = 0;
};
void write_state_header(const TrainSpec& spec, const StateHeader& header, std::uint8_t* bytes);
bool read_state_header(const TrainSpec& spec, std::span<const std::uint8_t> bytes, StateHeader& header,
                       std::string& error);

/// A gradient: header | sums i64 [parameters].
struct GradientHeader {
  std::uint32_t generation = 0, shard = 0;
  std::int64_t loss_sum = 0;
};
void write_gradient_header(const TrainSpec& spec, const GradientHeader& header, std::uint8_t* bytes);
bool read_gradient_header(const TrainSpec& spec, std::span<const std::uint8_t> bytes, GradientHeader& header,
                          std::string& error);

/// Streams of random numbers that never meet: a word of each Philox counter.
enum class DrawStream : std::uint32_t { kParameters = 1, kSamples = 2, kText = 3 };

/// The rows of a data set that micro-batch `micro_batch` of a generation learns from: images, or where pieces
/// of text begin. Drawn from (seed, generation, sample): no sharding enters.
void draw_samples(const TrainSpec& spec, const Dataset& dataset, std::uint32_t generation,
                  std::uint32_t micro_batch, std::span<std::uint32_t> rows);

/// A batch as the model reads it, and what it should have said.
struct Batch {
  std::vector<std::uint8_t> values, targets;
  std::uint32_t samples = 0, length = 1;

  ModelInput input() const { return {samples, values, length}; }
};
/// rows: images, or where pieces of text of the context's length begin.
void fill_batch(const TrainSpec& spec, const Dataset& dataset, std::span<const std::uint32_t> rows,
                Batch& batch);

/// A model that is ready to run: its team, its kernel and the parameters of a state.
struct ReadyModel {
  Team team;
  Layers layers;
  std::vector<float> parameters;
  std::unique_ptr<Model> model;

  ReadyModel(const TrainSpec& spec, const TrainOptions& options, std::uint32_t samples,
             std::span<const std::uint8_t> state);
};

/// Checks the spec, the options and the state's header.
bool check_run(const TrainSpec& spec, const TrainOptions& options, std::span<const std::uint8_t> state,
               StateHeader& header, std::string& error);

/// Adds row losses to an integer sum. False: one is NaN or too large, or the sum is full; `error` says which.
bool add_losses(std::span<const float> losses, std::int64_t& sum, std::string& error);

const TrainKernel& kernel_or_best(const TrainOptions& options);

/// As errors show it: nine digits, "inf", "-inf" or "nan".
std::string float_text(float value);

}  // namespace reeve::kernels
