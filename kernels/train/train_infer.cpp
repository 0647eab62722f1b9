#include <algorithm>

#include "kernels/core/float_environment.h"
#include "kernels/core/math.h"
#include "kernels/core/rng.h"
#include "kernels/train/train_format.h"

namespace reeve::kernels {
namespace {

/// The first entry of the highest score.
std::uint32_t highest(std::span<const float> scores) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return static_cast<std::uint32_t>(best);
}

std::size_t class_count(const TrainSpec& spec) {
  return spec.model == ModelKind::kMlp ? spec.mlp.classes : kVocabulary;
}

/// Where the pieces of a whole data set begin.
std::vector<std::uint32_t> all_rows(const TrainSpec& spec, const Dataset& dataset) {
  const bool text = dataset.kind == DatasetKind::kText;
  const std::uint32_t step = text ? spec.gpt.context : 1;
  const std::uint32_t end = text ? dataset.rows - spec.gpt.context : dataset.rows;
  std::vector<std::uint32_t> rows;
  for (std::uint64_t row = 0; row < end; row += step)
    rows.push_back(static_cast<std::uint32_t>(row));
  return rows;
}

bool is_text_prompt(const TrainSpec& spec, std::size_t size, std::string& error) {
  if (spec.model != ModelKind::kGpt) {
    error = "training: the model is an mlp, which writes no text; take a gpt";
    return false;
  }
  if (size == 0) error = "training: the prompt has 0 bytes; give at least one";
  return size != 0;
}

std::uint8_t choose(std::span<const float> scores, float temperature, F32 random) {
  const std::uint32_t best = highest(scores);
  if (!(temperature > 0)) return static_cast<std::uint8_t>(best);
  std::vector<F32> chances(scores.size());
  F32 sum(0);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    chances[i] = exp((F32(scores[i]) - F32(scores[best])) / F32(temperature));
    sum = sum + chances[i];
  }
  F32 left = random * sum;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    left = left - chances[i];
    if (left < F32(0)) return static_cast<std::uint8_t>(i);
  }
  return static_cast<std::uint8_t>(best);
}

}  // namespace

bool train_evaluate(const TrainSpec& spec, std::span<const std::uint8_t> state, const Dataset& dataset,
                    const TrainOptions& options, TrainEvaluation& evaluation, std::string& error) {
  error.clear();
  StateHeader header;
  if (!check_run(spec, options, state, header, error) || !check_dataset(spec, dataset, error)) return false;
  const FloatEnvironment float_environment;
  ReadyModel ready(spec, options, spec.micro_batch, state);
  const auto rows = all_rows(spec, dataset);
  const auto batches = static_cast<std::uint32_t>((rows.size() + spec.micro_batch - 1) / spec.micro_batch);
  const std::size_t classes = class_count(spec);
  evaluation = {};
  Batch batch;
  std::vector<float> losses;
  for (std::uint32_t i = 0; i < batches; ++i) {
    const std::size_t first = std::size_t{i} * spec.micro_batch;
    fill_batch(spec, dataset,
               std::span(rows).subspan(first, std::min<std::size_t>(spec.micro_batch, rows.size() - first)),
               batch);
    const std::span<float> scores = ready.model->forward(ready.parameters.data(), batch.input());
    for (std::size_t row = 0; row < batch.targets.size(); ++row)
      evaluation.correct += highest(scores.subspan(row * classes, classes)) == batch.targets[row] ? 1 : 0;
    losses.resize(batch.targets.size());
    ready.layers.cross_entropy(losses.size(), classes, 1.0f, batch.targets.data(), scores.data(),
                               losses.data());
    if (!add_losses(losses, evaluation.loss_sum, error)) return false;
    evaluation.rows += losses.size();
    if (options.progress && !options.progress(i + 1, batches)) return false;
  }
  return true;
}

TrainBytes train_infer(const TrainSpec& spec, std::span<const std::uint8_t> state, const Dataset& dataset,
                       std::uint32_t first, std::uint32_t count, const TrainOptions& options,
                       std::string& error) {
  error.clear();
  StateHeader header;
  if (!check_run(spec, options, state, header, error) || !check_dataset(spec, dataset, error)) return {};
  if (spec.model != ModelKind::kMlp) {
    error = "training: the model is a gpt, which has no classes; sample from it instead";
    return {};
  }
  if (count == 0 || std::uint64_t{first} + count > dataset.rows) {
    error = "training: rows " + std::to_string(first) + " and the " + std::to_string(count) +
            " from there on must be some of the " + std::to_string(dataset.rows) + " of the data set";
    return {};
  }
  const FloatEnvironment float_environment;
  ReadyModel ready(spec, options, spec.micro_batch, state);
  TrainBytes found;
  for (std::uint32_t at = 0; at < count; at += spec.micro_batch) {
    const std::uint32_t samples = std::min(spec.micro_batch, count - at);
    const auto pixels = dataset.values.subspan((std::size_t{first} + at) * dataset.features,
                                               std::size_t{samples} * dataset.features);
    const auto scores = ready.model->forward(ready.parameters.data(), {samples, pixels, 1});
    for (std::size_t row = 0; row < samples; ++row)
      found.push_back(
          static_cast<std::uint8_t>(highest(scores.subspan(row * dataset.classes, dataset.classes))));
    if (options.progress && !options.progress(at + samples, count)) return {};
  }
  return found;
}

std::vector<float> train_logits(const TrainSpec& spec, std::span<const std::uint8_t> state,
                                std::span<const std::uint8_t> values, const TrainOptions& options,
                                std::string& error) {
  error.clear();
  StateHeader header;
  if (!check_run(spec, options, state, header, error)) return {};
  const bool gpt = spec.model == ModelKind::kGpt;
  const std::size_t low = gpt ? 1 : spec.mlp.features;
  const std::size_t high = gpt ? spec.gpt.context : spec.mlp.features;
  if (values.size() < low || values.size() > high) {
    error = "training: the input has " + std::to_string(values.size()) + " bytes and must have " +
            std::to_string(low) + (gpt ? ".." + std::to_string(high) : "");
    return {};
  }
  const FloatEnvironment float_environment;
  ReadyModel ready(spec, options, 1, state);
  const auto length = gpt ? static_cast<std::uint32_t>(values.size()) : 1;
  const auto scores = ready.model->forward(ready.parameters.data(), {1, values, length});
  std::vector<float> logits;
  for (const float score : scores)
    logits.push_back(canonical(F32(score)).value);
  return logits;
}

TrainBytes train_sample(const TrainSpec& spec, std::span<const std::uint8_t> state,
                        std::span<const std::uint8_t> prompt, const SampleRequest& request,
                        const TrainOptions& options, std::string& error) {
  error.clear();
  StateHeader header;
  if (!check_run(spec, options, state, header, error) || !is_text_prompt(spec, prompt.size(), error))
    return {};
  if (request.bytes < 1 || request.bytes > kMaxSampleBytes || !(request.temperature >= 0) ||
      request.temperature > 100) {
    error = "training: bytes = " + std::to_string(request.bytes) + " must lie in 1.." +
            std::to_string(kMaxSampleBytes) + ", temperature = " + std::to_string(request.temperature) +
            " in 0..100";
    return {};
  }
  const FloatEnvironment float_environment;
  ReadyModel ready(spec, options, 1, state);
  TrainBytes text(prompt.begin(), prompt.end());
  for (std::uint32_t i = 0; i < request.bytes; ++i) {
    const std::size_t length = std::min<std::size_t>(text.size(), spec.gpt.context);
    const auto seen = std::span<const std::uint8_t>(text).last(length);
    const auto scores =
        ready.model->forward(ready.parameters.data(), {1, seen, static_cast<std::uint32_t>(length)});
    const Random4 draw = philox({{i, 0, 0, static_cast<std::uint32_t>(DrawStream::kText)}}, request.seed);
    text.push_back(choose(scores.last(kVocabulary), request.temperature, to_unit(draw.word[0])));
    if (options.progress && !options.progress(i + 1, request.bytes)) return {};
  }
  return {text.begin() + static_cast<std::ptrdiff_t>(prompt.size()), text.end()};
}

}  // namespace reeve::kernels
