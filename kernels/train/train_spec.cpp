#include "kernels/train/train_spec.h"

#include <array>

#include "kernels/core/hash.h"
#include "kernels/train/byte_io.h"
#include "kernels/train/model_layout.h"

namespace reeve::kernels {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic{'R', 'e', 'e', 'v', 'e', 'T', 'r', 'n'};

/// Fields in the order in which they are stored.
template <class Archive, class Spec>
void visit_fields(Archive& archive, Spec& spec) {
  archive.value(spec.optimizer.kind);
  archive.value(spec.optimizer.beta1);
  archive.value(spec.optimizer.beta2);
  archive.value(spec.optimizer.epsilon);
  archive.value(spec.optimizer.momentum);
  archive.value(spec.optimizer.weight_decay);
  archive.value(spec.rate.shape);
  archive.value(spec.rate.peak);
  archive.value(spec.rate.last);
  archive.value(spec.rate.warm_up);
  archive.value(spec.micro_batch);
  archive.value(spec.micro_batches);
  archive.value(spec.shards);
  archive.value(spec.generations);
  archive.value(spec.staleness);
  archive.value(spec.seed);
  archive.value(spec.gradient_scale_log2);
}

void write_model(ByteWriter& writer, const TrainSpec& spec) {
  writer.value(spec.model);
  if (spec.model == ModelKind::kMlp) {
    writer.value(spec.mlp.features);
    writer.value(spec.mlp.classes);
    writer.value(spec.mlp.activation);
    writer.value(static_cast<std::uint32_t>(spec.mlp.hidden.size()));
    for (const std::uint32_t width : spec.mlp.hidden)
      writer.value(width);
    return;
  }
  writer.value(spec.gpt.context);
  writer.value(spec.gpt.layers);
  writer.value(spec.gpt.heads);
  writer.value(spec.gpt.width);
  writer.value(static_cast<std::uint32_t>(spec.gpt.tied_head ? 1 : 0));
}

/// Returns false for a flag that is neither 0 nor 1.
bool read_model(ByteReader& reader, TrainSpec& spec) {
  reader.value(spec.model);
  if (spec.model == ModelKind::kMlp) {
    std::uint32_t hidden = 0;
    reader.value(spec.mlp.features);
    reader.value(spec.mlp.classes);
    reader.value(spec.mlp.activation);
    reader.value(hidden);
    for (std::uint32_t i = 0; i < hidden && !reader.failed(); ++i) {
      std::uint32_t width = 0;
      reader.value(width);
      spec.mlp.hidden.push_back(width);
    }
    return true;
  }
  std::uint32_t tied = 0;
  reader.value(spec.gpt.context);
  reader.value(spec.gpt.layers);
  reader.value(spec.gpt.heads);
  reader.value(spec.gpt.width);
  reader.value(tied);
  spec.gpt.tied_head = tied != 0;
  return tied <= 1;
}

/// Collects the first field that breaks its bound.
class Checker {
 public:
  explicit Checker(std::string& error) : error_(error) { error_.clear(); }

  void number(const char* field, std::uint64_t value, std::uint64_t low, std::uint64_t high,
              const char* remedy = "") {
    if (value >= low && value <= high) return;
    refuse(field, std::to_string(value), std::to_string(low) + ".." + std::to_string(high), remedy);
  }
  void fraction(const char* field, float value, float low, float high) {
    if (value >= low && value <= high) return;  // NaN is neither
    refuse(field, std::to_string(value), std::to_string(low) + ".." + std::to_string(high), "");
  }
  template <class E>
  void kind(const char* field, E value, E last) {
    number(field, static_cast<std::uint32_t>(value), 0, static_cast<std::uint32_t>(last));
  }
  void say(std::string message) {
    if (error_.empty()) error_ = "training: " + std::move(message);
  }
  bool holds() const { return error_.empty(); }

 private:
  void refuse(const std::string& field, const std::string& value, const std::string& range,
              const std::string& remedy) {
    say(field + " = " + value + " must lie in " + range + (remedy.empty() ? "" : ": ") + remedy);
  }
  std::string& error_;
};

void check_model(Checker& check, const TrainSpec& spec) {
  check.kind("model", spec.model, ModelKind::kGpt);
  if (spec.model == ModelKind::kMlp) {
    check.number("mlp.features", spec.mlp.features, 1, kMaxWidth);
    check.number("mlp.classes", spec.mlp.classes, 2, kMaxClasses);
    check.kind("mlp.activation", spec.mlp.activation, Activation::kRelu);
    check.number("mlp.hidden layers", spec.mlp.hidden.size(), 0, kMaxLayers);
    for (const std::uint32_t width : spec.mlp.hidden)
      check.number("mlp.hidden width", width, 1, kMaxWidth);
    return;
  }
  check.number("gpt.context", spec.gpt.context, 1, kMaxContext);
  check.number("gpt.layers", spec.gpt.layers, 1, kMaxLayers);
  check.number("gpt.width", spec.gpt.width, 1, kMaxWidth);
  check.number("gpt.heads", spec.gpt.heads, 1, spec.gpt.width, "at most the width");
  if (check.holds() && spec.gpt.width % spec.gpt.heads != 0)
    check.say("gpt.width = " + std::to_string(spec.gpt.width) +
              " must be a multiple of gpt.heads = " + std::to_string(spec.gpt.heads));
}

void check_optimizer(Checker& check, const TrainSpec& spec) {
  check.kind("optimizer.kind", spec.optimizer.kind, OptimizerKind::kSgd);
  check.fraction("optimizer.beta1", spec.optimizer.beta1, 0, 0.99999f);
  check.fraction("optimizer.beta2", spec.optimizer.beta2, 0, 0.99999f);
  check.fraction("optimizer.epsilon", spec.optimizer.epsilon, 1e-12f, 1);
  check.fraction("optimizer.momentum", spec.optimizer.momentum, 0, 0.99999f);
  check.fraction("optimizer.weight_decay", spec.optimizer.weight_decay, 0, 10);
  check.kind("rate.shape", spec.rate.shape, RateShape::kCosine);
  check.fraction("rate.peak", spec.rate.peak, 0, 100);
  check.fraction("rate.last", spec.rate.last, 0, 100);
  check.number("rate.warm_up", spec.rate.warm_up, 0, spec.generations, "at most the generations");
}

void check_batch(Checker& check, const TrainSpec& spec) {
  check.number("micro_batch", spec.micro_batch, 1, kMaxMicroBatch);
  check.number("micro_batches", spec.micro_batches, 1, kMaxMicroBatchesAGeneration,
               "take larger micro-batches");
  check.number("shards", spec.shards, 1, spec.micro_batches, "at most the micro-batches of a generation");
  check.number("generations", spec.generations, 1, kMaxGenerations);
  check.number("staleness", spec.staleness, 0, kMaxStaleness);
  check.number("gradient_scale_log2", spec.gradient_scale_log2, 0, kMaxGradientScaleLog2);
}

}  // namespace

bool check_train_spec(const TrainSpec& spec, std::string& error) {
  Checker check(error);
  check_model(check, spec);
  check_batch(check, spec);
  check_optimizer(check, spec);
  if (!check.holds()) return false;
  check.number("parameters of the model", parameter_count(spec), 1, kMaxParameters,
               "take fewer or narrower layers");
  check.number("floats of one micro-batch", micro_batch_floats(spec), 1, kMaxMicroBatchFloats,
               "lower micro_batch and raise micro_batches");
  return check.holds();
}

std::vector<std::uint8_t> encode_train_spec(const TrainSpec& spec) {
  std::vector<std::uint8_t> bytes;
  ByteWriter writer(bytes);
  writer.value(kMagic);
  writer.value(kTrainContract);
  write_model(writer, spec);
  visit_fields(writer, spec);
  return bytes;
}

bool decode_train_spec(std::span<const std::uint8_t> bytes, TrainSpec& spec, std::string& error) {
  ByteReader reader(bytes);
  std::array<std::uint8_t, 8> magic{};
  std::uint32_t version = 0;
  reader.value(magic);
  reader.value(version);
  if (reader.failed() || magic != kMagic) {
    error =
        "training: these bytes are no training spec (they begin otherwise); make one with encode_train_spec";
    return false;
  }
  if (version != kTrainContract) {
    error = "training: the spec's version is " + std::to_string(version) +
            ", this program computes version " + std::to_string(kTrainContract) +
            "; use the program that made it";
    return false;
  }
  spec = TrainSpec{};
  if (!read_model(reader, spec)) {
    error = "training: gpt.tied_head must be 0 or 1";
    return false;
  }
  visit_fields(reader, spec);
  if (reader.failed() || reader.left() != 0) {
    error = "training: the spec of " + std::to_string(bytes.size()) + " bytes is " +
            (reader.failed() ? "cut short" : "followed by other bytes") + "; send it whole and alone";
    return false;
  }
  return check_train_spec(spec, error);
}

std::uint64_t train_spec_hash(const TrainSpec& spec) {
  TrainSpec any_sharding = spec;
  any_sharding.shards = 1;
  const auto bytes = encode_train_spec(any_sharding);
  return hash_bytes(bytes.data(), bytes.size());
}

}  // namespace reeve::kernels
