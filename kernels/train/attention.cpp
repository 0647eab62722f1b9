#include "kernels/train/attention.h"

#include "kernels/core/f32.h"

namespace reeve::kernels {
namespace {

/// Where one head of one sample lies.
struct Head {
  std::size_t in_qkv, in_out, in_chances;  // offsets, floats
};

Head head_at(const AttentionShape& shape, std::size_t part) {
  const std::size_t sample = part / shape.heads;
  const std::size_t column = part % shape.heads * shape.head_width;
  const std::size_t row = sample * shape.length * shape.width();
  return {3 * row + column, row + column, part * shape.length * shape.length};
}

float score_factor(const AttentionShape& shape) {
  return (F32(1) / sqrt(from_int(static_cast<std::int32_t>(shape.head_width)))).value;
}

}  // namespace

void attention(const Layers& layers, const AttentionShape& shape, const float* qkv, float* chances,
               float* out) {
  const std::size_t n = shape.length;
  const std::size_t wide = 3 * shape.width();
  const float factor = score_factor(shape);
  layers.team().run(shape.samples * shape.heads, [&](std::size_t part, float* scratch) {
    const Head head = head_at(shape, part);
    const float* q = qkv + head.in_qkv;
    const float* k = q + shape.width();
    const float* v = k + shape.width();
    float* p = chances + head.in_chances;
    layers.ops().gemm({n, n, shape.head_width, q, wide, 1, k, 1, wide, p, n}, scratch);
    layers.ops().causal_softmax(n, factor, p);
    layers.ops().gemm({n, shape.head_width, n, p, n, 1, v, wide, 1, out + head.in_out, shape.width()},
                      scratch);
  });
}

void attention_backward(const Layers& layers, const AttentionShape& shape, const float* qkv,
                        const float* chances, const float* dout, float* slopes, float* dqkv) {
  const std::size_t n = shape.length;
  const std::size_t width = shape.width();
  const std::size_t wide = 3 * width;
  const std::size_t deep = shape.head_width;
  const float factor = score_factor(shape);
  layers.team().run(shape.samples * shape.heads, [&](std::size_t part, float* scratch) {
    const Head head = head_at(shape, part);
    const float* q = qkv + head.in_qkv;
    const float* k = q + width;
    const float* v = k + width;
    const float* p = chances + head.in_chances;
    const float* dy = dout + head.in_out;
    float* ds = slopes + head.in_chances;
    float* dq = dqkv + head.in_qkv;
    const auto gemm = layers.ops().gemm;
    gemm({n, n, deep, dy, width, 1, v, 1, wide, ds, n}, scratch);
    gemm({n, deep, n, p, 1, n, dy, width, 1, dq + 2 * width, wide}, scratch);
    layers.ops().causal_softmax_backward(n, factor, p, ds);
    gemm({n, deep, n, ds, n, 1, k, wide, 1, dq, wide}, scratch);
    gemm({n, deep, n, ds, 1, n, q, wide, 1, dq + width, wide}, scratch);
  });
}

}  // namespace reeve::kernels
