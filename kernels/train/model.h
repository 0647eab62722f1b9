#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kernels/train/layers.h"
#include "kernels/train/train_spec.h"

namespace reeve::kernels {

/// Samples as a model reads them.
struct ModelInput {
  std::uint32_t samples = 0;
  /// mlp: pixels [samples, features]; gpt: tokens [samples, length].
  std::span<const std::uint8_t> values;
  std::uint32_t length = 1;  ///< gpt: tokens a sample, at most the context
};

/// A model with the memory for the activations of some samples.
class Model {
 public:
  virtual ~Model() = default;

  /// Rows that an input has: one a sample (mlp) or a token (gpt).
  virtual std::size_t rows(const ModelInput& input) const = 0;

  /// The scores [rows, classes], in memory of the model's own until its next call.
  virtual std::span<float> forward(const float* parameters, const ModelInput& input) = 0;

  /// After forward: cross entropy to targets [rows], whose mean over rows is what is differentiated.
  ///   gradient [parameters]  overwritten whole;  losses [rows]
  virtual void backward(const float* parameters, const ModelInput& input,
                        std::span<const std::uint8_t> targets, float* gradient, float* losses) = 0;
};

/// samples: the most that an input will have; the spec passes check_train_spec.
std::unique_ptr<Model> make_model(const TrainSpec& spec, std::uint32_t samples, const Layers& layers);

std::unique_ptr<Model> make_mlp(const TrainSpec& spec, std::uint32_t samples, const Layers& layers);
std::unique_ptr<Model> make_gpt(const TrainSpec& spec, std::uint32_t samples, const Layers& layers);

}  // namespace reeve::kernels
