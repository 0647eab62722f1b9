#pragma once

#include <cstddef>

#include "kernels/train/layers.h"

namespace reeve::kernels {

/// The sizes of causal attention: samples of `length` tokens, each of `heads` · `head_width` floats.
struct AttentionShape {
  std::size_t samples = 0, length = 0, heads = 0, head_width = 0;

  std::size_t width() const { return heads * head_width; }
};

/// out = softmax(Q · Kᵀ / sqrt(head_width)) · V a sample and head, each token seeing itself and those before
/// it. Products are `gemm.seq` over whole rows: the zeros of tokens unseen are part of the chain.
///   qkv [samples, length, 3, heads, head_width], chances [samples, heads, length, length],
///   out [samples, length, heads, head_width]
/// Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017.
void attention(const Layers& layers, const AttentionShape& shape, const float* qkv, float* chances,
               float* out);

/// dqkv is overwritten; slopes, as large as chances, is memory to work in.
void attention_backward(const Layers& layers, const AttentionShape& shape, const float* qkv,
                        const float* chances, const float* dout, float* slopes, float* dqkv);

}  // namespace reeve::kernels
