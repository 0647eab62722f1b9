#include "tests/kernels/reference_model.h"

#include <cmath>

namespace reeve::kernels {
namespace {

using Doubles = std::vector<double>;

/// Takes tensors off the parameters in their order.
class Parameters {
 public:
  explicit Parameters(const Doubles& all) : next_(all.data()) {}
  const double* take(std::size_t size) {
    next_ += size;
    return next_ - size;
  }

 private:
  const double* next_;
};

Doubles dense(const Doubles& x, std::size_t inputs, std::size_t outputs, const double* weight,
              const double* bias) {
  const std::size_t rows = x.size() / inputs;
  Doubles y(rows * outputs);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t o = 0; o < outputs; ++o) {
      double sum = bias != nullptr ? bias[o] : 0;
      for (std::size_t i = 0; i < inputs; ++i)
        sum += x[r * inputs + i] * weight[o * inputs + i];
      y[r * outputs + o] = sum;
    }
  }
  return y;
}

double activate(double x, Activation kind) {
  if (kind == Activation::kRelu) return x > 0 ? x : 0;
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

Doubles activate(Doubles x, Activation kind) {
  for (double& value : x)
    value = activate(value, kind);
  return x;
}

double mean_cross_entropy(const Doubles& scores, std::size_t classes, std::span<const std::uint8_t> targets) {
  double loss = 0;
  for (std::size_t r = 0; r < targets.size(); ++r) {
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c)
      sum += std::exp(scores[r * classes + c]);
    loss += std::log(sum) - scores[r * classes + targets[r]];
  }
  return loss / static_cast<double>(targets.size());
}

Doubles normalize(const Doubles& x, std::size_t width, const double* gain, const double* bias) {
  Doubles y(x.size());
  for (std::size_t r = 0; r < x.size(); r += width) {
    double mean = 0;
    double variance = 0;
    for (std::size_t i = 0; i < width; ++i)
      mean += x[r + i] / static_cast<double>(width);
    for (std::size_t i = 0; i < width; ++i)
      variance += (x[r + i] - mean) * (x[r + i] - mean) / static_cast<double>(width);
    for (std::size_t i = 0; i < width; ++i)
      y[r + i] = (x[r + i] - mean) / std::sqrt(variance + 1e-5) * gain[i] + bias[i];
  }
  return y;
}

/// One head of one sample: rows of qkv begin at `q`, 3 · width apart.
void attend(const double* q, std::size_t length, std::size_t width, std::size_t deep, double* out) {
  for (std::size_t t = 0; t < length; ++t) {
    Doubles chance(t + 1);
    double sum = 0;
    for (std::size_t s = 0; s <= t; ++s) {
      double score = 0;
      for (std::size_t i = 0; i < deep; ++i)
        score += q[t * 3 * width + i] * q[s * 3 * width + width + i];
      chance[s] = std::exp(score / std::sqrt(static_cast<double>(deep)));
      sum += chance[s];
    }
    for (std::size_t s = 0; s <= t; ++s) {
      for (std::size_t i = 0; i < deep; ++i)
        out[t * width + i] += chance[s] / sum * q[s * 3 * width + 2 * width + i];
    }
  }
}

Doubles gpt_block(const GptSpec& gpt, Parameters& from, Doubles x, std::uint32_t samples) {
  const std::size_t width = gpt.width;
  const std::size_t length = x.size() / width / samples;
  const double* gain = from.take(width);
  const double* bias = from.take(width);
  const double* weight = from.take(3 * width * width);
  const Doubles qkv = dense(normalize(x, width, gain, bias), width, 3 * width, weight, from.take(3 * width));
  Doubles seen(x.size());
  for (std::size_t sample = 0; sample < samples; ++sample) {
    for (std::size_t head = 0; head < gpt.heads; ++head) {
      const std::size_t column = head * (width / gpt.heads);
      attend(qkv.data() + sample * length * 3 * width + column, length, width, width / gpt.heads,
             seen.data() + sample * length * width + column);
    }
  }
  weight = from.take(width * width);
  const Doubles attended = dense(seen, width, width, weight, from.take(width));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] += attended[i];
  gain = from.take(width);
  bias = from.take(width);
  weight = from.take(4 * width * width);
  const Doubles hidden =
      dense(normalize(x, width, gain, bias), width, 4 * width, weight, from.take(4 * width));
  weight = from.take(4 * width * width);
  const Doubles added =
      dense(activate(hidden, Activation::kGelu), 4 * width, width, weight, from.take(width));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] += added[i];
  return x;
}

double gpt_loss(const GptSpec& gpt, const Doubles& parameters, std::span<const std::uint8_t> values,
                std::span<const std::uint8_t> targets, std::uint32_t samples) {
  Parameters from(parameters);
  const std::size_t width = gpt.width;
  const std::size_t length = values.size() / samples;
  const double* tokens = from.take(kVocabulary * width);
  const double* positions = from.take(gpt.context * width);
  Doubles x(values.size() * width);
  for (std::size_t r = 0; r < values.size(); ++r) {
    for (std::size_t i = 0; i < width; ++i)
      x[r * width + i] = tokens[values[r] * width + i] + positions[r % length * width + i];
  }
  for (std::uint32_t layer = 0; layer < gpt.layers; ++layer)
    x = gpt_block(gpt, from, std::move(x), samples);
  const double* gain = from.take(width);
  x = normalize(x, width, gain, from.take(width));
  const double* head = gpt.tied_head ? tokens : from.take(kVocabulary * width);
  return mean_cross_entropy(dense(x, width, kVocabulary, head, nullptr), kVocabulary, targets);
}

double mlp_loss(const MlpSpec& mlp, const Doubles& parameters, std::span<const std::uint8_t> values,
                std::span<const std::uint8_t> targets) {
  Parameters from(parameters);
  Doubles x(values.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = values[i] / 255.0;
  std::size_t inputs = mlp.features;
  for (std::size_t layer = 0; layer <= mlp.hidden.size(); ++layer) {
    const bool last = layer == mlp.hidden.size();
    const std::size_t outputs = last ? mlp.classes : mlp.hidden[layer];
    const double* weight = from.take(inputs * outputs);
    x = dense(x, inputs, outputs, weight, from.take(outputs));
    if (!last) x = activate(std::move(x), mlp.activation);
    inputs = outputs;
  }
  return mean_cross_entropy(x, mlp.classes, targets);
}

}  // namespace

double reference_loss(const TrainSpec& spec, const std::vector<double>& parameters,
                      std::span<const std::uint8_t> values, std::span<const std::uint8_t> targets,
                      std::uint32_t samples) {
  if (spec.model == ModelKind::kMlp) return mlp_loss(spec.mlp, parameters, values, targets);
  return gpt_loss(spec.gpt, parameters, values, targets, samples);
}

}  // namespace reeve::kernels
