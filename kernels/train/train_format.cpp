#include "kernels/train/train_format.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "kernels/core/rng.h"
#include "kernels/train/byte_io.h"
#include "kernels/train/fixed_gradient.h"

namespace reeve::kernels {
namespace {

using Magic = std::array<std::uint8_t, 8>;
constexpr Magic kStateMagic{'R', 'e', 'e', 'v', 'T', 'r', 'n', 'S'};
constexpr Magic kGradientMagic{'R', 'e', 'e', 'v', 'T', 'r', 'n', 'G'};

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kStateAlignment - 1) / kStateAlignment * kStateAlignment;
}

/// The words that states and gradients have in common: magic, version, two of their own, a hash of the spec,
/// the parameters, one long of their own.
struct CommonHeader {
  Magic magic{};
  std::uint32_t version = kTrainContract;
  std::uint32_t first = 0, second = 0;
  std::uint64_t spec = 0, parameters = 0;
  std::int64_t sum = 0;

  template <class Archive>
  void visit(Archive& archive) {
    archive.value(magic);
    archive.value(version);
    archive.value(first);
    archive.value(second);
    archive.value(spec);
    archive.value(parameters);
    archive.value(sum);
  }
};

void write_common(const TrainSpec& spec, CommonHeader header, std::uint8_t* bytes) {
  header.spec = train_spec_hash(spec);
  header.parameters = parameter_count(spec);
  TrainBytes words;
  ByteWriter writer(words);
  header.visit(writer);
  words.resize(kTrainHeaderBytes);
  std::memcpy(bytes, words.data(), words.size());
}

bool refuse(std::string& error, const std::string& what, const std::string& why) {
  error = what + ": " + why;
  return false;
}

bool read_common(const TrainSpec& spec, std::span<const std::uint8_t> bytes, const Magic& magic,
                 std::uint64_t size, const std::string& what, CommonHeader& header, std::string& error) {
  ByteReader reader(bytes);
  header.visit(reader);
  if (reader.failed() || header.magic != magic)
    return refuse(error, what, "these bytes are none (they begin otherwise)");
  if (header.version != kTrainContract)
    return refuse(error, what,
                  "version = " + std::to_string(header.version) + " where this program computes " +
                      std::to_string(kTrainContract) + "; use the program that made it");
  if (header.spec != train_spec_hash(spec))
    return refuse(error, what, "it belongs to another training spec; give it the one that it was made with");
  if (bytes.size() != size)
    return refuse(error, what,
                  "it has " + std::to_string(bytes.size()) + " bytes and must have " + std::to_string(size) +
                      "; send it whole");
  return true;
}

}  // namespace

std::uint32_t moment_count(const TrainSpec& spec) {
  if (spec.optimizer.kind == OptimizerKind::kAdamw) return 2;
  return spec.optimizer.momentum > 0 ? 1 : 0;
}

StateLayout state_layout(const TrainSpec& spec) {
  const std::uint64_t floats = aligned(parameter_count(spec) * sizeof(float));
  StateLayout layout{};
  layout.losses = kTrainHeaderBytes;
  layout.parameters = layout.losses + aligned(std::uint64_t{spec.generations} * sizeof(std::int64_t));
  layout.first_moment = layout.parameters + floats;
  layout.second_moment = layout.first_moment + (moment_count(spec) > 0 ? floats : 0);
  layout.size = layout.second_moment + (moment_count(spec) > 1 ? floats : 0);
  return layout;
}

void write_state_header(const TrainSpec& spec, const StateHeader& header, std::uint8_t* bytes) {
  CommonHeader common;
  common.magic = kStateMagic;
  common.first = header.updates;
  write_common(spec, common, bytes);
}

bool read_state_header(const TrainSpec& spec, std::span<const std::uint8_t> bytes, StateHeader& header,
                       std::string& error) {
  CommonHeader common;
  if (!read_common(spec, bytes, kStateMagic, state_layout(spec).size, "training state", common, error))
    return false;
  header.updates = common.first;
  if (header.updates > spec.generations)
    return refuse(error, "training state",
                  "updates = " + std::to_string(header.updates) + " must lie in 0.." +
                      std::to_string(spec.generations));
  return true;
}

void write_gradient_header(const TrainSpec& spec, const GradientHeader& header, std::uint8_t* bytes) {
  CommonHeader common;
  common.magic = kGradientMagic;
  common.first = header.generation;
  common.second = header.shard;
  common.sum = header.loss_sum;
  write_common(spec, common, bytes);
}

bool read_gradient_header(const TrainSpec& spec, std::span<const std::uint8_t> bytes, GradientHeader& header,
                          std::string& error) {
  CommonHeader common;
  if (!read_common(spec, bytes, kGradientMagic, train_gradient_bytes(spec), "gradient", common, error))
    return false;
  header = {common.first, common.second, common.sum};
  return true;
}

void draw_samples(const TrainSpec& spec, const Dataset& dataset, std::uint32_t generation,
                  std::uint32_t micro_batch, std::span<std::uint32_t> rows) {
  const bool text = dataset.kind == DatasetKind::kText;
  const std::uint64_t choices = text ? dataset.rows - spec.gpt.context : dataset.rows;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t sample = micro_batch * spec.micro_batch + i;
    const Random4 draw =
        philox({{sample, generation, 0, static_cast<std::uint32_t>(DrawStream::kSamples)}}, spec.seed);
    rows[i] = static_cast<std::uint32_t>((draw.word[0] * choices) >> 32);
  }
}

void fill_batch(const TrainSpec& spec, const Dataset& dataset, std::span<const std::uint32_t> rows,
                Batch& batch) {
  batch.samples = static_cast<std::uint32_t>(rows.size());
  batch.values.clear();
  batch.targets.clear();
  const auto append = [](std::vector<std::uint8_t>& to, std::span<const std::uint8_t> from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  for (const std::uint32_t row : rows) {
    if (dataset.kind == DatasetKind::kText) {
      batch.length = spec.gpt.context;
      append(batch.values, dataset.values.subspan(row, batch.length));
      append(batch.targets, dataset.values.subspan(std::size_t{row} + 1, batch.length));
    } else {
      append(batch.values, dataset.values.subspan(std::size_t{row} * dataset.features, dataset.features));
      batch.targets.push_back(dataset.labels[row]);
    }
  }
}

const TrainKernel& kernel_or_best(const TrainOptions& options) {
  return options.kernel != nullptr ? *options.kernel : best_train_kernel();
}

std::string float_text(float value) {
  if (value != value) return "nan";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  return text;
}

ReadyModel::ReadyModel(const TrainSpec& spec, const TrainOptions& options, std::uint32_t samples,
                       std::span<const std::uint8_t> state)
    : team(options.threads),
      layers(*kernel_or_best(options).ops, team),
      parameters(parameter_count(spec)),
      model(make_model(spec, samples, layers)) {
  std::memcpy(parameters.data(), state.data() + state_layout(spec).parameters,
              parameters.size() * sizeof(float));
}

bool check_run(const TrainSpec& spec, const TrainOptions& options, std::span<const std::uint8_t> state,
               StateHeader& header, std::string& error) {
  if (!check_train_spec(spec, error)) return false;
  if (options.threads < 1 || options.threads > kMaxTrainThreads)
    return refuse(error, "training",
                  "threads = " + std::to_string(options.threads) + " must lie in 1.." +
                      std::to_string(kMaxTrainThreads));
  if (!kernel_or_best(options).runs_here())
    return refuse(
        error, "training",
        std::string("kernel = ") + kernel_or_best(options).name + " does not run on this processor");
  return read_state_header(spec, state, header, error);
}

bool add_losses(std::span<const float> losses, std::int64_t& sum, std::string& error) {
  for (std::size_t row = 0; row < losses.size(); ++row) {
    const F32 scaled = F32(losses[row]) * F32(0x1p32f);
    static_assert(kLossScaleLog2 == 32);
    if (!fits_fixed(scaled) || __builtin_add_overflow(sum, round_to_fixed(scaled), &sum))
      return refuse(error, "training",
                    "the loss of row " + std::to_string(row) + " is " + float_text(losses[row]) +
                        ": lower the learning rate");
  }
  return true;
}

}  // namespace reeve::kernels
