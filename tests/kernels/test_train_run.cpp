#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kernels/core/hash.h"
#include "kernels/train/fixed_gradient.h"
#include "tests/kernels/train_cases.h"

namespace reeve::kernels {
namespace {

void expect_error(const std::string& error, std::initializer_list<const char*> words) {
  for (const char* word : words)
    EXPECT_NE(error.find(word), std::string::npos) << "'" << error << "' should name " << word;
}

TrainEvaluation evaluate(const TrainSpec& spec, const TrainBytes& state) {
  TrainEvaluation evaluation;
  std::string error;
  EXPECT_TRUE(train_evaluate(spec, state, tiny_dataset(spec), {}, evaluation, error)) << error;
  return evaluation;
}

TEST(Train, AnMlpLearnsItsImages) {
  const TrainSpec spec = tiny_mlp();
  const TrainBytes state = train_for(spec, tiny_dataset(spec), spec.generations);
  const TrainEvaluation evaluation = evaluate(spec, state);
  EXPECT_EQ(evaluation.rows, 150u);
  EXPECT_GE(evaluation.correct, 145u);
  TrainState opened;
  std::string error;
  ASSERT_TRUE(read_train_state(spec, state, opened, error)) << error;
  ASSERT_EQ(opened.loss_sums.size(), spec.generations);
  const double first = train_mean_loss(spec, opened.loss_sums.front());
  EXPECT_NEAR(first, std::log(3.0), 0.5);
  EXPECT_LT(train_mean_loss(spec, opened.loss_sums.back()), first / 2);
}

TEST(Train, AGptLearnsItsText) {
  const TrainSpec spec = tiny_gpt();
  const TrainBytes state = train_for(spec, tiny_dataset(spec), spec.generations);
  const TrainEvaluation evaluation = evaluate(spec, state);
  EXPECT_GE(evaluation.correct * 10, evaluation.rows * 6);
  std::string error;
  const std::string prompt = "tomato tomat";
  const TrainBytes text =
      train_sample(spec, state, {reinterpret_cast<const std::uint8_t*>(prompt.data()), prompt.size()},
                   {8, 0.0f, 1}, {}, error);
  EXPECT_EQ(std::string(text.begin(), text.end()), "o tomato") << error;
}

TEST(Train, SgdLearnsToo) {
  TrainSpec spec = tiny_mlp();
  spec.optimizer.kind = OptimizerKind::kSgd;
  for (const float momentum : {0.9f, 0.0f}) {
    spec.optimizer.momentum = momentum;
    spec.rate.peak = momentum > 0 ? 0.1f : 0.8f;
    EXPECT_GE(evaluate(spec, train_for(spec, tiny_dataset(spec), spec.generations)).correct, 140u);
  }
}

TEST(Train, NoBitDependsOnTheShardingTheKernelOrTheThreads) {
  for (TrainSpec spec : {tiny_mlp(), tiny_gpt()}) {
    const Dataset dataset = tiny_dataset(spec);
    const TrainBytes whole = train_for(spec, dataset, 2);
    for (const std::uint32_t shards : {2u, 3u, spec.micro_batches}) {
      spec.shards = shards;
      EXPECT_EQ(train_for(spec, dataset, 2), whole) << shards << " shards";
    }
    for (const TrainKernel& kernel : all_train_kernels()) {
      if (!kernel.runs_here()) continue;
      for (const unsigned threads : {1u, 2u, 7u})
        EXPECT_EQ(train_for(spec, dataset, 2, {threads, &kernel, {}}), whole) << kernel.name << threads;
    }
  }
}

TEST(Train, TheOrderOfTheGradientsDoesNotMatter) {
  TrainSpec spec = tiny_mlp();
  spec.shards = 4;
  std::string error;
  const TrainBytes state = train_initial_state(spec, error);
  auto results = gradients_of(spec, tiny_dataset(spec), state, 0);
  const TrainBytes forward = train_update(spec, state, spans_of(results), 0, {}, error);
  std::swap(results[0], results[3]);
  EXPECT_EQ(train_update(spec, state, spans_of(results), 0, {2, nullptr, {}}, error), forward);
  EXPECT_FALSE(forward.empty());
}

TEST(Train, AStaleRunTakesGradientsAtTheStateItsSpecSays) {
  TrainSpec spec = tiny_mlp();
  spec.staleness = 2;
  const TrainBytes stale = train_for(spec, tiny_dataset(spec), 5);
  EXPECT_FALSE(stale.empty());
  std::string error;
  const TrainBytes initial = train_initial_state(spec, error);
  EXPECT_FALSE(train_gradient(spec, tiny_dataset(spec), initial, 2, 0, {}, error).empty()) << error;
  EXPECT_TRUE(train_gradient(spec, tiny_dataset(spec), initial, 3, 0, {}, error).empty());
  expect_error(error, {"updates = 0", "generation 3", "after 1"});
}

TEST(Train, SeedAndGenerationChangeTheGradient) {
  TrainSpec spec = tiny_mlp();
  spec.staleness = 1;
  std::string error;
  const TrainBytes state = train_initial_state(spec, error);
  const auto sums = [&](const TrainSpec& of, std::uint32_t generation) {
    const TrainBytes bytes = train_gradient(of, tiny_dataset(of), state, generation, 0, {}, error);
    return TrainBytes(bytes.begin() + 64, bytes.end());
  };
  EXPECT_NE(sums(spec, 0), sums(spec, 1));
  TrainSpec other = spec;
  other.seed ^= 1;
  EXPECT_NE(train_initial_state(other, error), state);
}

TEST(Train, AnOverflowingGradientIsRefusedByTensorAndValue) {
  TrainSpec spec = tiny_mlp();
  spec.gradient_scale_log2 = 58;  // entries must stay below 2^-7
  std::string error;
  const TrainBytes state = train_initial_state(spec, error);
  EXPECT_TRUE(train_gradient(spec, tiny_dataset(spec), state, 0, 0, {}, error).empty());
  expect_error(error, {"layers.", "generation 0", "too large for gradient_scale_log2 = 58", "2^-7"});
}

/// Where a state's parameters begin: after its header and the losses.
std::size_t parameters_at(const TrainSpec& spec) {
  return 64 + (spec.generations * 8 + 63) / 64 * 64;
}

TEST(Train, ANanInTheParametersIsRefused) {
  const TrainSpec spec = tiny_mlp();
  std::string error;
  TrainBytes state = train_initial_state(spec, error);
  const float nan = NAN;
  std::memcpy(state.data() + parameters_at(spec), &nan, 4);
  EXPECT_TRUE(train_gradient(spec, tiny_dataset(spec), state, 0, 0, {}, error).empty());
  expect_error(error, {"the gradient of layers.0.weight[0]", "micro-batch 0", "nan"});
}

TEST(Train, AnUpdateThatLeavesTheFiniteNumbersIsRefused) {
  const TrainSpec spec = tiny_mlp();
  std::string error;
  TrainBytes state = train_initial_state(spec, error);
  const auto results = gradients_of(spec, tiny_dataset(spec), state, 0);
  const float infinite = INFINITY;
  std::memcpy(state.data() + parameters_at(spec), &infinite, 4);
  EXPECT_TRUE(train_update(spec, state, spans_of(results), 0, {}, error).empty());
  expect_error(error, {"layers.0.weight[0]", "is nan", "lower the learning rate"});
}

TEST(Train, SumsThatOverflowAreRefusedByTensor) {
  TrainSpec spec = tiny_mlp();
  spec.shards = 2;
  std::string error;
  const TrainBytes state = train_initial_state(spec, error);
  auto results = gradients_of(spec, tiny_dataset(spec), state, 0);
  const std::int64_t most = INT64_MAX;
  for (TrainBytes& result : results)
    std::memcpy(result.data() + 64 + 8, &most, 8);
  EXPECT_TRUE(train_update(spec, state, spans_of(results), 0, {}, error).empty());
  expect_error(error, {"layers.0.weight[1]", "overflows", "9223372036854775807"});
}

TEST(Train, GradientsThatAreMissingTwiceOrForeignAreRefusedByName) {
  TrainSpec spec = tiny_mlp();
  spec.shards = 3;
  std::string error;
  const TrainBytes state = train_initial_state(spec, error);
  const auto good = gradients_of(spec, tiny_dataset(spec), state, 0);
  const auto refused = [&](std::vector<TrainBytes> results, std::initializer_list<const char*> words) {
    EXPECT_TRUE(train_update(spec, state, spans_of(results), 0, {}, error).empty());
    expect_error(error, words);
  };
  refused({good[0], good[2]}, {"shard 1 is missing"});
  refused({good[0], good[1], good[2], good[1]}, {"gradient 3 of 4", "shard = 1", "twice"});
  refused({good[0], good[1], state}, {"gradient 2 of 3", "begin otherwise"});
  auto cut = good;
  cut[1].pop_back();
  refused(cut, {"gradient 1 of 3", "bytes and must have"});
  TrainSpec other = spec;
  other.seed ^= 1;
  const auto foreign = gradients_of(other, tiny_dataset(other), train_initial_state(other, error), 0);
  refused({good[0], foreign[1], good[2]}, {"gradient 1 of 3", "another training spec"});
  refused({}, {"shard 0 is missing"});
  const TrainBytes next = train_update(spec, state, spans_of(good), 0, {}, error);
  EXPECT_TRUE(train_update(spec, next, spans_of(good), 0, {}, error).empty());
  expect_error(error, {"updates = 1", "generation = 0"});
  EXPECT_TRUE(train_update(spec, next, spans_of(good), 1, {}, error).empty());
  expect_error(error, {"generation = 0 must be 1"});
}

TEST(Train, PlacesOptionsAndStatesThatDoNotFitAreRefusedByName) {
  const TrainSpec spec = tiny_mlp();
  const Dataset dataset = tiny_dataset(spec);
  std::string error;
  const TrainBytes state = train_initial_state(spec, error);
  EXPECT_TRUE(train_gradient(spec, dataset, state, spec.generations, 0, {}, error).empty());
  expect_error(error, {"generation = 40", "0..39"});
  EXPECT_TRUE(train_gradient(spec, dataset, state, 0, 1, {}, error).empty());
  expect_error(error, {"shard = 1"});
  EXPECT_TRUE(train_gradient(spec, dataset, state, 0, 0, {0, nullptr, {}}, error).empty());
  expect_error(error, {"threads = 0"});
  EXPECT_TRUE(train_gradient(spec, dataset, {}, 0, 0, {}, error).empty());
  expect_error(error, {"training state", "begin otherwise"});
  EXPECT_TRUE(train_gradient(spec, tiny_dataset(tiny_gpt()), state, 0, 0, {}, error).empty());
  expect_error(error, {"data set", "text"});
}

TEST(Train, ACancelledRunGivesNothingAndNoError) {
  const TrainSpec spec = tiny_mlp();
  std::string error;
  const TrainBytes state = train_initial_state(spec, error);
  std::uint32_t calls = 0;
  const TrainOptions options{1, nullptr, [&calls](std::uint32_t done, std::uint32_t all) {
                               EXPECT_EQ(all, 8u);
                               calls = done;
                               return done < 3;
                             }};
  EXPECT_TRUE(train_gradient(spec, tiny_dataset(spec), state, 0, 0, options, error).empty());
  EXPECT_EQ(error, "");
  EXPECT_EQ(calls, 3u);
}

TEST(Train, InferenceAndScoresAgree) {
  const TrainSpec spec = tiny_mlp();
  const Dataset dataset = tiny_dataset(spec);
  const TrainBytes state = train_for(spec, dataset, 10);
  std::string error;
  const TrainBytes classes = train_infer(spec, state, dataset, 5, 21, {}, error);
  ASSERT_EQ(classes.size(), 21u) << error;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto scores = train_logits(spec, state, dataset.values.subspan((5 + i) * 16, 16), {}, error);
    ASSERT_EQ(scores.size(), 3u) << error;
    for (const float score : scores)
      EXPECT_LE(score, scores[classes[i]]);
  }
  EXPECT_TRUE(train_infer(spec, state, dataset, 149, 2, {}, error).empty());
  expect_error(error, {"149", "150"});
}

TEST(Train, SamplingFollowsItsSeedAndNothingElse) {
  const TrainSpec spec = tiny_gpt();
  std::string error;
  const TrainBytes state = train_initial_state(spec, error);
  const std::vector<std::uint8_t> prompt{'t', 'o'};
  const auto write = [&](std::uint64_t seed, unsigned threads) {
    return train_sample(spec, state, prompt, {30, 1.0f, seed}, {threads, nullptr, {}}, error);
  };
  EXPECT_EQ(write(1, 1).size(), 30u) << error;
  EXPECT_EQ(write(1, 1), write(1, 3));
  EXPECT_NE(write(1, 1), write(2, 1));
  EXPECT_TRUE(train_sample(spec, state, {}, {30, 1.0f, 1}, {}, error).empty());
  expect_error(error, {"prompt", "0 bytes"});
}

}  // namespace
}  // namespace reeve::kernels
