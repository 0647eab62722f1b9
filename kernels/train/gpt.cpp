#include <algorithm>
#include <vector>

#include "kernels/core/f32.h"
#include "kernels/train/attention.h"
#include "kernels/train/model.h"
#include "kernels/train/model_layout.h"

namespace reeve::kernels {
namespace {

using Floats = std::vector<float>;

/// A layernorm's place in the parameters, and what its backward pass needs.
struct Normal {
  std::uint64_t gain = 0, bias = 0;
  Floats y, mean, scale;  // [rows, width], [rows], [rows]

  void reserve(std::size_t rows, std::size_t width) {
    y.resize(rows * width);
    mean.resize(rows);
    scale.resize(rows);
  }
};

/// A dense layer's place in the parameters.
struct Dense {
  std::uint64_t weight = 0, bias = 0;
};

/// One layer of the decoder with its activations; rows are tokens.
struct Block {
  Normal before_attention, before_mlp;
  Dense qkv, attention_out, mlp_in, mlp_out;
  Floats x;        // [rows, width] what came in
  Floats queries;  // [rows, 3, width]
  Floats chances;  // [samples, heads, length, length]
  Floats seen;     // [rows, width] what attention gave
  Floats middle;   // [rows, width] x + attention
  Floats hidden;   // [rows, 4 width] before gelu
  Floats active;   // [rows, 4 width] after it
};

/// Hands out offsets in the order of model_tensors.
class Offsets {
 public:
  explicit Offsets(const TrainSpec& spec) : tensors_(model_tensors(spec)) {}
  std::uint64_t next() { return tensors_[at_++].offset; }
  void next(Normal& normal) {
    normal.gain = next();
    normal.bias = next();
  }
  void next(Dense& dense) {
    dense.weight = next();
    dense.bias = next();
  }

 private:
  std::vector<TensorInfo> tensors_;
  std::size_t at_ = 0;
};

class Gpt final : public Model {
 public:
  Gpt(const TrainSpec& spec, std::uint32_t samples, const Layers& layers) : layers_(layers), gpt_(spec.gpt) {
    const std::size_t rows = std::size_t{samples} * gpt_.context;
    Offsets offsets(spec);
    tokens_ = offsets.next();
    positions_ = offsets.next();
    for (std::uint32_t i = 0; i < gpt_.layers; ++i)
      add_block(offsets, samples, rows);
    offsets.next(last_);
    last_.reserve(rows, gpt_.width);
    head_ = gpt_.tied_head ? tokens_ : offsets.next();
    x_.resize(rows * gpt_.width);
    scores_.resize(rows * kVocabulary);
    added_.resize(rows * gpt_.width);
    dx_.resize(rows * gpt_.width);
    dy_.resize(rows * gpt_.width);
    dwide_.resize(rows * 4 * gpt_.width);
    slopes_.resize(rows * gpt_.heads * gpt_.context);
  }

  std::size_t rows(const ModelInput& input) const override {
    return std::size_t{input.samples} * input.length;
  }

  std::span<float> forward(const float* parameters, const ModelInput& input) override {
    const std::size_t n = rows(input);
    embed(parameters, input, blocks_[0].x.data());
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      forward_block(parameters, input, blocks_[i], i + 1 < blocks_.size() ? blocks_[i + 1].x : x_);
    normalize(parameters, n, x_, last_);
    layers_.dense(n, gpt_.width, kVocabulary, last_.y.data(), parameters + head_, nullptr, scores_.data());
    return std::span(scores_).first(n * kVocabulary);
  }

  void backward(const float* parameters, const ModelInput& input, std::span<const std::uint8_t> targets,
                float* gradient, float* losses) override {
    const std::size_t n = rows(input);
    const F32 factor = F32(1) / from_int(static_cast<std::int32_t>(n));
    layers_.cross_entropy(n, kVocabulary, factor.value, targets.data(), scores_.data(), losses);
    layers_.dense_weights(n, gpt_.width, kVocabulary, last_.y.data(), scores_.data(), gradient + head_,
                          nullptr);
    layers_.dense_inputs(n, gpt_.width, kVocabulary, scores_.data(), parameters + head_, dy_.data());
    std::fill_n(dx_.data(), n * gpt_.width, 0.0f);
    normalize_backward(parameters, n, x_, last_, gradient);
    for (std::size_t i = blocks_.size(); i-- > 0;) {
      mlp_backward(parameters, n, blocks_[i], gradient);
      attention_part_backward(parameters, input, blocks_[i], gradient);
    }
    embed_backward(input, gradient);
  }

 private:
  void add_block(Offsets& offsets, std::uint32_t samples, std::size_t rows) {
    const std::size_t width = gpt_.width;
    Block block;
    offsets.next(block.before_attention);
    offsets.next(block.qkv);
    offsets.next(block.attention_out);
    offsets.next(block.before_mlp);
    offsets.next(block.mlp_in);
    offsets.next(block.mlp_out);
    block.before_attention.reserve(rows, width);
    block.before_mlp.reserve(rows, width);
    block.x.resize(rows * width);
    block.queries.resize(rows * 3 * width);
    block.chances.resize(std::size_t{samples} * gpt_.heads * gpt_.context * gpt_.context);
    block.seen.resize(rows * width);
    block.middle.resize(rows * width);
    block.hidden.resize(rows * 4 * width);
    block.active.resize(rows * 4 * width);
    blocks_.push_back(std::move(block));
  }

  AttentionShape shape_of(const ModelInput& input) const {
    return {input.samples, input.length, gpt_.heads, gpt_.width / gpt_.heads};
  }

  void embed(const float* parameters, const ModelInput& input, float* x) const {
    const std::size_t width = gpt_.width;
    for (std::size_t row = 0; row < rows(input); ++row) {
      const float* token = parameters + tokens_ + input.values[row] * width;
      const float* position = parameters + positions_ + row % input.length * width;
      layers_.ops().add(width, token, position, x + row * width);
    }
  }

  /// Adds dx to the rows that were taken, in the order of the tokens.
  void embed_backward(const ModelInput& input, float* gradient) const {
    const std::size_t width = gpt_.width;
    if (!gpt_.tied_head) std::fill_n(gradient + tokens_, kVocabulary * width, 0.0f);
    std::fill_n(gradient + positions_, gpt_.context * width, 0.0f);
    for (std::size_t row = 0; row < rows(input); ++row) {
      float* token = gradient + tokens_ + input.values[row] * width;
      float* position = gradient + positions_ + row % input.length * width;
      layers_.ops().add(width, token, dx_.data() + row * width, token);
      layers_.ops().add(width, position, dx_.data() + row * width, position);
    }
  }

  void normalize(const float* parameters, std::size_t n, const Floats& x, Normal& normal) const {
    layers_.layernorm(n, gpt_.width, x.data(), parameters + normal.gain, parameters + normal.bias,
                      normal.y.data(), normal.mean.data(), normal.scale.data());
  }
  /// From dy_, the slope of what it gave, to dx_.
  void normalize_backward(const float* parameters, std::size_t n, const Floats& x, const Normal& normal,
                          float* gradient) {
    layers_.layernorm_backward(n, gpt_.width, x.data(), parameters + normal.gain, normal.mean.data(),
                               normal.scale.data(), dy_.data(), dx_.data(), gradient + normal.gain,
                               gradient + normal.bias);
  }

  void dense(const float* parameters, std::size_t n, std::size_t inputs, std::size_t outputs, const float* x,
             const Dense& to, float* y) const {
    layers_.dense(n, inputs, outputs, x, parameters + to.weight, parameters + to.bias, y);
  }
  /// dx of it (dx may not be dy), and its part of the gradient.
  void dense_backward(const float* parameters, std::size_t n, std::size_t inputs, std::size_t outputs,
                      const float* x, const Dense& to, const float* dy, float* dx, float* gradient) const {
    layers_.dense_weights(n, inputs, outputs, x, dy, gradient + to.weight, gradient + to.bias);
    layers_.dense_inputs(n, inputs, outputs, dy, parameters + to.weight, dx);
  }

  void forward_block(const float* parameters, const ModelInput& input, Block& block, Floats& out) {
    const std::size_t n = rows(input);
    const std::size_t width = gpt_.width;
    const auto add = layers_.ops().add;
    normalize(parameters, n, block.x, block.before_attention);
    dense(parameters, n, width, 3 * width, block.before_attention.y.data(), block.qkv, block.queries.data());
    attention(layers_, shape_of(input), block.queries.data(), block.chances.data(), block.seen.data());
    dense(parameters, n, width, width, block.seen.data(), block.attention_out, added_.data());
    layers_.map(add, n * width, block.x.data(), added_.data(), block.middle.data());
    normalize(parameters, n, block.middle, block.before_mlp);
    dense(parameters, n, width, 4 * width, block.before_mlp.y.data(), block.mlp_in, block.hidden.data());
    layers_.map(layers_.ops().gelu, n * 4 * width, block.hidden.data(), block.active.data());
    dense(parameters, n, 4 * width, width, block.active.data(), block.mlp_out, added_.data());
    layers_.map(add, n * width, block.middle.data(), added_.data(), out.data());
  }

  /// dx_ is the slope of the block's output before, and of its middle after.
  void mlp_backward(const float* parameters, std::size_t n, const Block& block, float* gradient) {
    const std::size_t width = gpt_.width;
    dense_backward(parameters, n, 4 * width, width, block.active.data(), block.mlp_out, dx_.data(),
                   dwide_.data(), gradient);
    layers_.map(layers_.ops().gelu_backward, n * 4 * width, block.hidden.data(), dwide_.data(),
                dwide_.data());
    dense_backward(parameters, n, width, 4 * width, block.before_mlp.y.data(), block.mlp_in, dwide_.data(),
                   dy_.data(), gradient);
    normalize_backward(parameters, n, block.middle, block.before_mlp, gradient);
  }

  /// dx_ is the slope of the block's middle before, and of its input after.
  void attention_part_backward(const float* parameters, const ModelInput& input, const Block& block,
                               float* gradient) {
    const std::size_t n = rows(input);
    const std::size_t width = gpt_.width;
    dense_backward(parameters, n, width, width, block.seen.data(), block.attention_out, dx_.data(),
                   dy_.data(), gradient);
    attention_backward(layers_, shape_of(input), block.queries.data(), block.chances.data(), dy_.data(),
                       slopes_.data(), dwide_.data());
    dense_backward(parameters, n, width, 3 * width, block.before_attention.y.data(), block.qkv, dwide_.data(),
                   dy_.data(), gradient);
    normalize_backward(parameters, n, block.x, block.before_attention, gradient);
  }

  Layers layers_;
  GptSpec gpt_;
  std::uint64_t tokens_ = 0, positions_ = 0, head_ = 0;  // in the parameters
  std::vector<Block> blocks_;
  Normal last_;
  Floats x_;       // [rows, width] what the last block gave
  Floats scores_;  // [rows, vocabulary]
  Floats added_;   // [rows, width] what a part adds to the stream
  Floats dx_, dy_, dwide_, slopes_;
};

}  // namespace

std::unique_ptr<Model> make_gpt(const TrainSpec& spec, std::uint32_t samples, const Layers& layers) {
  return std::make_unique<Gpt>(spec, samples, layers);
}

}  // namespace reeve::kernels
