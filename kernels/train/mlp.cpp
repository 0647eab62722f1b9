#include <array>
#include <vector>

#include "kernels/core/f32.h"
#include "kernels/train/model.h"
#include "kernels/train/model_layout.h"

namespace reeve::kernels {
namespace {

/// A pixel as the model sees it: 0..1.
std::array<float, 256> pixel_values() {
  std::array<float, 256> values{};
  for (int i = 0; i < 256; ++i)
    values[static_cast<std::size_t>(i)] = (from_int(i) / F32(255)).value;
  return values;
}

class Mlp final : public Model {
 public:
  Mlp(const TrainSpec& spec, std::uint32_t samples, const Layers& layers)
      : layers_(layers), activation_(spec.mlp.activation), pixels_(pixel_values()) {
    std::uint64_t at = 0;
    std::uint32_t inputs = spec.mlp.features;
    x_.emplace_back(std::size_t{samples} * inputs);
    for (std::size_t i = 0; i <= spec.mlp.hidden.size(); ++i) {
      const std::uint32_t outputs = i < spec.mlp.hidden.size() ? spec.mlp.hidden[i] : spec.mlp.classes;
      dense_.push_back({inputs, outputs, at, at + std::uint64_t{inputs} * outputs});
      at = dense_.back().bias + outputs;
      scores_.emplace_back(std::size_t{samples} * outputs);
      slopes_.emplace_back(std::size_t{samples} * outputs);
      if (i < spec.mlp.hidden.size()) x_.emplace_back(std::size_t{samples} * outputs);
      inputs = outputs;
    }
  }

  std::size_t rows(const ModelInput& input) const override { return input.samples; }

  std::span<float> forward(const float* parameters, const ModelInput& input) override {
    for (std::size_t i = 0; i < input.values.size(); ++i)
      x_[0][i] = pixels_[input.values[i]];
    for (std::size_t i = 0; i < dense_.size(); ++i) {
      const Dense& dense = dense_[i];
      layers_.dense(input.samples, dense.inputs, dense.outputs, x_[i].data(), parameters + dense.weight,
                    parameters + dense.bias, scores_[i].data());
      if (i + 1 == dense_.size()) break;
      layers_.map(activation_ == Activation::kGelu ? layers_.ops().gelu : layers_.ops().relu,
                  std::size_t{input.samples} * dense.outputs, scores_[i].data(), x_[i + 1].data());
    }
    return std::span(scores_.back()).first(std::size_t{input.samples} * dense_.back().outputs);
  }

  void backward(const float* parameters, const ModelInput& input, std::span<const std::uint8_t> targets,
                float* gradient, float* losses) override {
    const F32 factor = F32(1) / from_int(static_cast<std::int32_t>(input.samples));
    layers_.cross_entropy(input.samples, dense_.back().outputs, factor.value, targets.data(),
                          scores_.back().data(), losses);
    const float* slope = scores_.back().data();
    for (std::size_t i = dense_.size(); i-- > 0;) {
      const Dense& dense = dense_[i];
      layers_.dense_weights(input.samples, dense.inputs, dense.outputs, x_[i].data(), slope,
                            gradient + dense.weight, gradient + dense.bias);
      if (i == 0) break;
      float* dx = slopes_[i - 1].data();
      layers_.dense_inputs(input.samples, dense.inputs, dense.outputs, slope, parameters + dense.weight, dx);
      layers_.map(
          activation_ == Activation::kGelu ? layers_.ops().gelu_backward : layers_.ops().relu_backward,
          std::size_t{input.samples} * dense.inputs, scores_[i - 1].data(), dx, dx);
      slope = dx;
    }
  }

 private:
  struct Dense {
    std::uint32_t inputs, outputs;
    std::uint64_t weight, bias;  // in the parameters
  };

  Layers layers_;
  Activation activation_;
  std::array<float, 256> pixels_;
  std::vector<Dense> dense_;
  std::vector<std::vector<float>> x_;       // of each layer [samples, inputs]
  std::vector<std::vector<float>> scores_;  // [samples, outputs] before activation
  std::vector<std::vector<float>> slopes_;  // [samples, outputs] of the loss by the scores
};

}  // namespace

std::unique_ptr<Model> make_mlp(const TrainSpec& spec, std::uint32_t samples, const Layers& layers) {
  return std::make_unique<Mlp>(spec, samples, layers);
}

std::unique_ptr<Model> make_model(const TrainSpec& spec, std::uint32_t samples, const Layers& layers) {
  return spec.model == ModelKind::kMlp ? make_mlp(spec, samples, layers) : make_gpt(spec, samples, layers);
}

}  // namespace reeve::kernels
