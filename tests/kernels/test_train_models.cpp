#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/train/model.h"
#include "kernels/train/model_layout.h"
#include "tests/kernels/reference_model.h"

namespace reeve::kernels {
namespace {

TrainSpec small_mlp(Activation activation) {
  TrainSpec spec;
  spec.model = ModelKind::kMlp;
  spec.mlp = {19, 5, {37, 8}, activation};
  return spec;
}

TrainSpec small_gpt(bool tied) {
  TrainSpec spec;
  spec.model = ModelKind::kGpt;
  spec.gpt = {9, 2, 2, 20, tied};
  return spec;
}

/// Parameters large enough that every part of the model matters.
std::vector<float> any_parameters(const TrainSpec& spec) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal(0, 0.3f);
  std::vector<float> parameters(parameter_count(spec));
  for (const TensorInfo& tensor : model_tensors(spec)) {
    for (std::uint64_t i = 0; i < tensor.size; ++i)
      parameters[tensor.offset + i] = tensor.initial + normal(random);
  }
  return parameters;
}

std::vector<std::uint8_t> any_bytes(std::size_t size, unsigned below, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint8_t> bytes(size);
  for (auto& byte : bytes)
    byte = static_cast<std::uint8_t>(random() % below);
  return bytes;
}

struct Case {
  TrainSpec spec;
  std::vector<float> parameters;
  std::vector<std::uint8_t> values, targets;
  std::uint32_t samples = 3;

  explicit Case(const TrainSpec& of) : spec(of), parameters(any_parameters(of)) {
    const bool gpt = spec.model == ModelKind::kGpt;
    const std::size_t rows = gpt ? samples * spec.gpt.context : samples;
    values = any_bytes(gpt ? rows : rows * spec.mlp.features, 256, 5);
    targets = any_bytes(rows, gpt ? 256 : spec.mlp.classes, 6);
  }
  ModelInput input() const { return {samples, values, spec.model == ModelKind::kGpt ? spec.gpt.context : 1}; }
  double reference() const { return reference({parameters.begin(), parameters.end()}); }
  double reference(const std::vector<double>& at) const {
    return reference_loss(spec, at, values, targets, samples);
  }
};

struct Outcome {
  std::vector<float> gradient, losses;
  bool operator==(const Outcome&) const = default;
};

Outcome differentiate(const Case& of, const TrainKernel& kernel, unsigned threads) {
  Team team(threads);
  const auto model = make_model(of.spec, of.samples, Layers(*kernel.ops, team));
  Outcome outcome;
  outcome.gradient.assign(of.parameters.size(), NAN);  // so that an entry left out shows
  outcome.losses.resize(model->rows(of.input()));
  model->forward(of.parameters.data(), of.input());
  model->backward(of.parameters.data(), of.input(), of.targets, outcome.gradient.data(),
                  outcome.losses.data());
  return outcome;
}

/// Central differences of the binary64 model, at a few entries of every tensor.
void expect_gradient(const Case& of) {
  const Outcome ours = differentiate(of, best_train_kernel(), 1);
  double loss = 0;
  for (const float row : ours.losses)
    loss += double{row} / static_cast<double>(ours.losses.size());
  EXPECT_NEAR(loss, of.reference(), 1e-5 * std::abs(loss));
  std::vector<double> at(of.parameters.begin(), of.parameters.end());
  std::mt19937 random(2);
  double largest = 0;
  for (const float entry : ours.gradient)
    largest = std::max(largest, std::abs(double{entry}));
  for (const TensorInfo& tensor : model_tensors(of.spec)) {
    for (int i = 0; i < 12; ++i) {
      const std::size_t entry = tensor.offset + random() % tensor.size;
      constexpr double kStep = 1e-5;
      const double here = at[entry];
      at[entry] = here + kStep;
      const double above = of.reference(at);
      at[entry] = here - kStep;
      const double slope = (above - of.reference(at)) / (2 * kStep);
      at[entry] = here;
      EXPECT_NEAR(ours.gradient[entry], slope, 2e-4 * std::abs(slope) + 2e-6 * largest)
          << tensor.name << '[' << entry - tensor.offset << ']';
    }
  }
}

void expect_same_bits(const Case& of) {
  const Outcome first = differentiate(of, all_train_kernels()[0], 1);
  for (const TrainKernel& kernel : all_train_kernels()) {
    if (!kernel.runs_here()) continue;
    for (const unsigned threads : {1u, 2u, 7u})
      EXPECT_EQ(differentiate(of, kernel, threads), first) << kernel.name << ' ' << threads;
  }
}

TEST(Mlp, GradientIsTheSlopeOfTheLoss) {
  expect_gradient(Case(small_mlp(Activation::kGelu)));
  expect_gradient(Case(small_mlp(Activation::kRelu)));
}

TEST(Mlp, WithoutHiddenLayersItIsOneDenseLayer) {
  TrainSpec spec = small_mlp(Activation::kGelu);
  spec.mlp.hidden.clear();
  expect_gradient(Case(spec));
}

TEST(Gpt, GradientIsTheSlopeOfTheLoss) {
  expect_gradient(Case(small_gpt(true)));
  expect_gradient(Case(small_gpt(false)));
}

TEST(Model, KernelsAndThreadsDoNotChangeTheBits) {
  expect_same_bits(Case(small_mlp(Activation::kGelu)));
  expect_same_bits(Case(small_mlp(Activation::kRelu)));
  expect_same_bits(Case(small_gpt(true)));
  expect_same_bits(Case(small_gpt(false)));
}

TEST(Gpt, NoTokenSeesWhatComesAfterIt) {
  Case of(small_gpt(true));
  Team team(1);
  const auto model = make_model(of.spec, of.samples, Layers(*best_train_kernel().ops, team));
  const auto whole = model->forward(of.parameters.data(), of.input());
  const std::vector<float> before(whole.begin(), whole.end());
  of.values[8] ^= 1;  // the last token of the first sample
  const auto changed = model->forward(of.parameters.data(), of.input());
  for (std::size_t row = 0; row < changed.size() / kVocabulary; ++row) {
    const bool same = std::equal(changed.begin() + static_cast<std::ptrdiff_t>(row * kVocabulary),
                                 changed.begin() + static_cast<std::ptrdiff_t>((row + 1) * kVocabulary),
                                 before.begin() + static_cast<std::ptrdiff_t>(row * kVocabulary));
    EXPECT_EQ(same, row != 8) << row;
  }
}

TEST(Gpt, AShortTextGivesTheScoresOfTheLongOnesBeginning) {
  const Case of(small_gpt(true));
  Team team(1);
  const auto model = make_model(of.spec, 1, Layers(*best_train_kernel().ops, team));
  const auto all = std::span(of.values).first(9);
  const auto whole = model->forward(of.parameters.data(), {1, all, 9});
  const std::vector<float> wanted(whole.begin(), whole.begin() + 4 * kVocabulary);
  const auto part = model->forward(of.parameters.data(), {1, all.first(4), 4});
  ASSERT_EQ(part.size(), wanted.size());
  for (std::size_t i = 0; i < part.size(); ++i)
    EXPECT_EQ(part[i], wanted[i]);
}

}  // namespace
}  // namespace reeve::kernels
