#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kernels/train/model_layout.h"
#include "tests/kernels/train_cases.h"

namespace reeve::kernels {
namespace {

void expect_error(const std::string& error, std::initializer_list<const char*> words) {
  for (const char* word : words)
    EXPECT_NE(error.find(word), std::string::npos) << "'" << error << "' should name " << word;
}

TEST(TrainSpec, ComesBackFromItsBytes) {
  for (const TrainSpec& spec : {tiny_mlp(), tiny_gpt()}) {
    TrainSpec back;
    std::string error;
    ASSERT_TRUE(decode_train_spec(encode_train_spec(spec), back, error)) << error;
    EXPECT_EQ(back, spec);
  }
}

TEST(TrainSpec, BytesThatAreCutShortOrFollowedOrOfAnotherVersionAreRefused) {
  const auto bytes = encode_train_spec(tiny_mlp());
  TrainSpec spec;
  std::string error;
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_train_spec(std::span(bytes).first(size), spec, error)) << size;
  expect_error(error, {"cut short"});
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode_train_spec(longer, spec, error));
  expect_error(error, {"followed by other bytes"});
  auto other = bytes;
  other[8] = 99;
  EXPECT_FALSE(decode_train_spec(other, spec, error));
  expect_error(error, {"version is 99"});
}

TEST(TrainSpec, BoundsAreHeldAndNamed) {
  std::string error;
  const auto refused = [&](TrainSpec spec, auto change, std::initializer_list<const char*> words) {
    ASSERT_TRUE(check_train_spec(spec, error)) << error;
    change(spec);
    EXPECT_FALSE(check_train_spec(spec, error));
    expect_error(error, words);
  };
  const TrainSpec mlp = tiny_mlp();
  const TrainSpec gpt = tiny_gpt();
  refused(mlp, [](TrainSpec& s) { s.mlp.features = 0; }, {"mlp.features = 0"});
  refused(mlp, [](TrainSpec& s) { s.mlp.classes = 257; }, {"mlp.classes = 257", "2..256"});
  refused(mlp, [](TrainSpec& s) { s.mlp.hidden = {0}; }, {"mlp.hidden width = 0"});
  refused(mlp, [](TrainSpec& s) { s.mlp.hidden.assign(65, 4); }, {"hidden layers = 65"});
  refused(mlp, [](TrainSpec& s) { s.mlp.hidden.assign(3, 16384); }, {"parameters of the model", "fewer"});
  refused(gpt, [](TrainSpec& s) { s.gpt.heads = 3; }, {"gpt.width = 16", "multiple", "gpt.heads = 3"});
  refused(gpt, [](TrainSpec& s) { s.gpt.context = 5000; }, {"gpt.context = 5000"});
  refused(gpt,
          [](TrainSpec& s) {
            s.micro_batch = 16384;
            s.gpt.context = 4096;
          },
          {"floats of one micro-batch", "lower micro_batch"});
  refused(mlp, [](TrainSpec& s) { s.micro_batches = 5000; }, {"micro_batches = 5000", "larger"});
  refused(mlp, [](TrainSpec& s) { s.shards = 9; }, {"shards = 9", "at most the micro-batches"});
  refused(mlp, [](TrainSpec& s) { s.staleness = 17; }, {"staleness = 17"});
  refused(mlp, [](TrainSpec& s) { s.gradient_scale_log2 = 61; }, {"gradient_scale_log2 = 61"});
  refused(mlp, [](TrainSpec& s) { s.rate.peak = NAN; }, {"rate.peak", "nan"});
  refused(mlp, [](TrainSpec& s) { s.rate.warm_up = 41; }, {"warm_up = 41", "generations"});
  refused(mlp, [](TrainSpec& s) { s.optimizer.beta2 = 1; }, {"optimizer.beta2"});
  refused(mlp, [](TrainSpec& s) { s.model = static_cast<ModelKind>(7); }, {"model = 7"});
}

TEST(TrainSpec, EveryMicroBatchIsOfExactlyOneShard) {
  TrainSpec spec = tiny_mlp();
  spec.micro_batches = 11;
  for (spec.shards = 1; spec.shards <= 11; ++spec.shards) {
    std::uint32_t next = 0;
    for (std::uint32_t shard = 0; shard < spec.shards; ++shard) {
      EXPECT_EQ(shard_range(spec, shard).first, next);
      next = shard_range(spec, shard).last;
      EXPECT_GT(next, shard_range(spec, shard).first);
    }
    EXPECT_EQ(next, 11u);
  }
}

TEST(ModelLayout, TensorsLieOneBehindTheOther) {
  for (TrainSpec spec : {tiny_mlp(), tiny_gpt()}) {
    std::uint64_t at = 0;
    for (const TensorInfo& tensor : model_tensors(spec)) {
      EXPECT_EQ(tensor.offset, at) << tensor.name;
      std::uint64_t size = 1;
      for (const std::uint32_t side : tensor.shape)
        size *= side;
      EXPECT_EQ(tensor.size, size) << tensor.name;
      at += size;
    }
    EXPECT_EQ(parameter_count(spec), at);
  }
  TrainSpec untied = tiny_gpt();
  untied.gpt.tied_head = false;
  EXPECT_EQ(parameter_count(untied), parameter_count(tiny_gpt()) + 256 * 16);
  EXPECT_EQ(model_tensors(untied).back().name, "lm_head.weight");
}

TEST(TrainState, InitialParametersHaveTheirMeansAndSpreads) {
  TrainSpec spec = tiny_mlp();
  spec.mlp.hidden = {300, 200};
  std::string error;
  TrainState state;
  ASSERT_TRUE(read_train_state(spec, train_initial_state(spec, error), state, error)) << error;
  for (const TensorInfo& tensor : model_tensors(spec)) {
    double sum = 0;
    double squares = 0;
    for (std::uint64_t i = 0; i < tensor.size; ++i) {
      sum += state.parameters[tensor.offset + i];
      squares += std::pow(state.parameters[tensor.offset + i], 2);
    }
    const auto n = static_cast<double>(tensor.size);
    EXPECT_NEAR(sum / n, tensor.initial, 5 * tensor.spread / std::sqrt(n)) << tensor.name;
    EXPECT_NEAR(squares / n, tensor.spread * tensor.spread, 0.2 * tensor.spread * tensor.spread)
        << tensor.name;
  }
}

TEST(Dataset, ComesBackFromItsBytes) {
  const std::vector<std::uint8_t> pixels{1, 2, 3, 4, 5, 6};
  const std::vector<std::uint8_t> labels{1, 0};
  const auto bytes = encode_images(3, 2, pixels, labels);
  Dataset set;
  std::string error;
  ASSERT_TRUE(decode_dataset(bytes, set, error)) << error;
  EXPECT_EQ(set.rows, 2u);
  EXPECT_EQ(set.features, 3u);
  EXPECT_EQ(set.classes, 2u);
  EXPECT_TRUE(std::equal(set.values.begin(), set.values.end(), pixels.begin(), pixels.end()));
  EXPECT_TRUE(std::equal(set.labels.begin(), set.labels.end(), labels.begin(), labels.end()));
  const auto text = encode_text(pixels);
  ASSERT_TRUE(decode_dataset(text, set, error)) << error;
  EXPECT_EQ(set.kind, DatasetKind::kText);
  EXPECT_EQ(set.rows, 6u);
  EXPECT_TRUE(set.labels.empty());
}

TEST(Dataset, WhatIsEmptyOrDoesNotFitIsRefusedByName) {
  Dataset set;
  std::string error;
  EXPECT_FALSE(decode_dataset(encode_text({}), set, error));
  expect_error(error, {"rows = 0", "empty"});
  EXPECT_FALSE(decode_dataset({}, set, error));
  const std::vector<std::uint8_t> pixels{1, 2, 3, 4, 5, 6};
  const std::vector<std::uint8_t> labels{1, 2};
  EXPECT_FALSE(decode_dataset(encode_images(3, 2, pixels, labels), set, error));
  expect_error(error, {"row 1", "is 2", "2 classes"});
  auto bytes = encode_images(3, 4, pixels, labels);
  bytes.pop_back();
  EXPECT_FALSE(decode_dataset(bytes, set, error));
  expect_error(error, {"39 bytes", "40"});
  bytes = encode_images(3, 4, pixels, labels);
  const std::uint32_t many = 0xffffffffu;
  std::memcpy(bytes.data() + 16, &many, 4);
  EXPECT_FALSE(decode_dataset(bytes, set, error));
  std::memcpy(bytes.data() + 12, &many, 4);
  EXPECT_FALSE(decode_dataset(bytes, set, error));
  expect_error(error, {"kind"});
}

TEST(Dataset, ItMustSuitTheModel) {
  std::string error;
  TrainSpec mlp = tiny_mlp();
  EXPECT_TRUE(check_dataset(mlp, tiny_dataset(mlp), error)) << error;
  mlp.mlp.features = 17;
  EXPECT_FALSE(check_dataset(mlp, tiny_dataset(mlp), error));
  expect_error(error, {"features = 16", "mlp.features = 17"});
  mlp = tiny_mlp();
  mlp.mlp.classes = 4;
  EXPECT_FALSE(check_dataset(mlp, tiny_dataset(mlp), error));
  expect_error(error, {"classes = 3", "mlp.classes = 4"});
  TrainSpec gpt = tiny_gpt();
  gpt.gpt.context = 280;
  EXPECT_FALSE(check_dataset(gpt, tiny_dataset(gpt), error));
  expect_error(error, {"rows = 280", "gpt.context = 280", "longer text"});
}

}  // namespace
}  // namespace reeve::kernels
