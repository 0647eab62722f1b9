#include "kernels/train/model_layout.h"

#include "kernels/core/f32.h"

namespace reeve::kernels {
namespace {

class TensorList {
 public:
  void add(std::string name, std::vector<std::uint32_t> shape, float initial, float spread = 0) {
    TensorInfo tensor;
    tensor.name = std::move(name);
    tensor.decays = shape.size() > 1;
    tensor.size = 1;
    for (const std::uint32_t side : shape)
      tensor.size *= side;
    tensor.shape = std::move(shape);
    tensor.initial = initial;
    tensor.spread = spread;
    tensor.offset = tensors_.empty() ? 0 : tensors_.back().offset + tensors_.back().size;
    tensors_.push_back(std::move(tensor));
  }
  /// y = x · weightᵀ + bias.
  void dense(const std::string& name, std::uint32_t outputs, std::uint32_t inputs, float spread) {
    add(name + ".weight", {outputs, inputs}, 0, spread);
    add(name + ".bias", {outputs}, 0);
  }
  void normal(const std::string& name, std::uint32_t width) {
    add(name + ".weight", {width}, 1);
    add(name + ".bias", {width}, 0);
  }
  std::vector<TensorInfo> take() { return std::move(tensors_); }

 private:
  std::vector<TensorInfo> tensors_;
};

/// sqrt(part / whole), as every host rounds it.
float root_of(float part, std::uint32_t whole) {
  return sqrt(F32(part) / from_int(static_cast<std::int32_t>(whole))).value;
}

/// Source of the spread: K. He et al., "Delving deep into rectifiers", ICCV 2015.
std::vector<TensorInfo> mlp_tensors(const MlpSpec& mlp) {
  TensorList list;
  std::uint32_t inputs = mlp.features;
  for (std::size_t layer = 0; layer <= mlp.hidden.size(); ++layer) {
    const bool last = layer == mlp.hidden.size();
    const std::uint32_t outputs = last ? mlp.classes : mlp.hidden[layer];
    list.dense("layers." + std::to_string(layer), outputs, inputs, root_of(last ? 1.0f : 2.0f, inputs));
    inputs = outputs;
  }
  return list.take();
}

/// Spreads as GPT-2 has them: 0.02, and less where a layer adds to the stream of all of them.
std::vector<TensorInfo> gpt_tensors(const GptSpec& gpt) {
  constexpr float kSpread = 0.02f;
  const float into_stream = (F32(kSpread) * F32(root_of(1.0f, 2 * gpt.layers))).value;
  TensorList list;
  list.add("transformer.wte.weight", {kVocabulary, gpt.width}, 0, kSpread);
  list.add("transformer.wpe.weight", {gpt.context, gpt.width}, 0, kSpread);
  for (std::uint32_t layer = 0; layer < gpt.layers; ++layer) {
    const std::string name = "transformer.h." + std::to_string(layer);
    list.normal(name + ".ln_1", gpt.width);
    list.dense(name + ".attn.c_attn", 3 * gpt.width, gpt.width, kSpread);
    list.dense(name + ".attn.c_proj", gpt.width, gpt.width, into_stream);
    list.normal(name + ".ln_2", gpt.width);
    list.dense(name + ".mlp.c_fc", 4 * gpt.width, gpt.width, kSpread);
    list.dense(name + ".mlp.c_proj", gpt.width, 4 * gpt.width, into_stream);
  }
  list.normal("transformer.ln_f", gpt.width);
  if (!gpt.tied_head) list.add("lm_head.weight", {kVocabulary, gpt.width}, 0, kSpread);
  return list.take();
}

std::uint64_t mlp_row_floats(const MlpSpec& mlp) {
  std::uint64_t floats = mlp.features + std::uint64_t{2} * mlp.classes;
  for (const std::uint32_t width : mlp.hidden)
    floats += std::uint64_t{4} * width;
  return floats;
}

std::uint64_t gpt_row_floats(const GptSpec& gpt) {
  const std::uint64_t layer = std::uint64_t{16} * gpt.width + std::uint64_t{2} * gpt.heads * gpt.context + 4;
  return layer * gpt.layers + std::uint64_t{16} * gpt.width + kVocabulary;
}

}  // namespace

std::vector<TensorInfo> model_tensors(const TrainSpec& spec) {
  return spec.model == ModelKind::kMlp ? mlp_tensors(spec.mlp) : gpt_tensors(spec.gpt);
}

std::uint64_t parameter_count(const TrainSpec& spec) {
  const auto tensors = model_tensors(spec);
  return tensors.back().offset + tensors.back().size;
}

std::uint64_t micro_batch_floats(const TrainSpec& spec) {
  if (spec.model == ModelKind::kMlp) return spec.micro_batch * mlp_row_floats(spec.mlp);
  return std::uint64_t{spec.micro_batch} * spec.gpt.context * gpt_row_floats(spec.gpt);
}

}  // namespace reeve::kernels
