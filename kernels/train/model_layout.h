#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/train/train_spec.h"

namespace reeve::kernels {

/// One of a model's tensors, as safetensors and the errors name it.
struct TensorInfo {
  std::string name;                  ///< as PyTorch modules of the same shape name theirs
  std::vector<std::uint32_t> shape;  ///< row-major; dense layers are [outputs, inputs]
  std::uint64_t offset = 0;          ///< floats from the first parameter
  std::uint64_t size = 0;            ///< floats
  float initial =
      0;  ///< all entries (of gains 1, of biases 0), or, where spread > 0, the mean of a normal draw
  float spread = 0;     ///< standard deviation of the draw
  bool decays = false;  ///< whether weight decay holds
};

/// In the order in which they lie in the parameters, without gaps. The spec's model fields keep their bounds.
std::vector<TensorInfo> model_tensors(const TrainSpec& spec);

/// Floats. Needs no other check than the bounds of the model's fields.
std::uint64_t parameter_count(const TrainSpec& spec);

/// Floats of memory that the activations of one micro-batch take, about.
std::uint64_t micro_batch_floats(const TrainSpec& spec);

}  // namespace reeve::kernels
