#include "tests/kernels/train_cases.h"

#include <gtest/gtest.h>

#include <random>

namespace reeve::kernels {

TrainSpec tiny_mlp() {
  TrainSpec spec;
  spec.model = ModelKind::kMlp;
  spec.mlp = {16, 3, {24}, Activation::kGelu};
  spec.micro_batch = 8;
  spec.micro_batches = 8;
  spec.generations = 40;
  spec.rate = {RateShape::kCosine, 0.02f, 0.002f, 4};
  spec.seed = 77;
  return spec;
}

TrainSpec tiny_gpt() {
  TrainSpec spec;
  spec.model = ModelKind::kGpt;
  spec.gpt = {12, 2, 2, 16, true};
  spec.micro_batch = 3;
  spec.micro_batches = 4;
  spec.generations = 200;
  spec.rate = {RateShape::kCosine, 0.03f, 0.003f, 10};
  spec.seed = 78;
  return spec;
}

std::vector<std::uint8_t> tiny_images() {
  std::mt19937 random(3);
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  for (unsigned row = 0; row < 150; ++row) {
    labels.push_back(static_cast<std::uint8_t>(row % 3));
    for (unsigned i = 0; i < 16; ++i)
      pixels.push_back(static_cast<std::uint8_t>(random() % 128 + (i % 3 == row % 3 ? 100 : 0)));
  }
  return encode_images(16, 3, pixels, labels);
}

std::vector<std::uint8_t> tiny_text() {
  std::vector<std::uint8_t> text;
  for (int i = 0; i < 40; ++i) {
    for (const char letter : {'t', 'o', 'm', 'a', 't', 'o', ' '})
      text.push_back(static_cast<std::uint8_t>(letter));
  }
  return encode_text(text);
}

Dataset tiny_dataset(const TrainSpec& spec) {
  static const auto images = tiny_images();
  static const auto text = tiny_text();
  Dataset dataset;
  std::string error;
  EXPECT_TRUE(decode_dataset(spec.model == ModelKind::kMlp ? images : text, dataset, error)) << error;
  return dataset;
}

std::vector<TrainBytes> gradients_of(const TrainSpec& spec, const Dataset& dataset, const TrainBytes& state,
                                     std::uint32_t generation, const TrainOptions& options) {
  std::vector<TrainBytes> results;
  std::string error;
  for (std::uint32_t shard = 0; shard < spec.shards; ++shard) {
    results.push_back(train_gradient(spec, dataset, state, generation, shard, options, error));
    EXPECT_EQ(error, "");
  }
  return results;
}

std::vector<std::span<const std::uint8_t>> spans_of(const std::vector<TrainBytes>& results) {
  return {results.begin(), results.end()};
}

TrainBytes train_for(const TrainSpec& spec, const Dataset& dataset, std::uint32_t generations,
                     const TrainOptions& options) {
  std::string error;
  std::vector<TrainBytes> states{train_initial_state(spec, error)};
  EXPECT_EQ(error, "");
  for (std::uint32_t generation = 0; generation < generations; ++generation) {
    const auto results =
        gradients_of(spec, dataset, states[base_updates(spec, generation)], generation, options);
    states.push_back(train_update(spec, states[generation], spans_of(results), generation, options, error));
    EXPECT_EQ(error, "");
  }
  return states.back();
}

}  // namespace reeve::kernels
