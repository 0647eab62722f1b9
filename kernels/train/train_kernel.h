#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/train/gemm_call.h"

namespace reeve::kernels {

struct AdamwFactors {
  float beta1 = 0, beta2 = 0;        ///< decay of the two moments
  float correct1 = 0, correct2 = 0;  ///< 1 / (1 - beta^t)
  float epsilon = 0;
  float rate = 0;
  float decay = 0;  ///< of the weights, decoupled; 0 for vectors
};

struct SgdFactors {
  float momentum = 0, rate = 0, decay = 0;
};

/// The operations of training as compiled for one instruction set, each in one thread: all give the same
/// bits. Matrices are row-major f32 without gaps unless said otherwise.
struct TrainOps {
  std::size_t tile_rows, tile_columns;  ///< gemm: split a call at multiples of these

  /// scratch: kGemmScratch floats.
  void (*gemm)(const GemmCall& call, float* scratch);

  void (*gelu)(std::size_t n, const float* x, float* y);
  void (*gelu_backward)(std::size_t n, const float* x, const float* dy, float* dx);
  void (*relu)(std::size_t n, const float* x, float* y);
  void (*relu_backward)(std::size_t n, const float* x, const float* dy, float* dx);
  /// y[i] = x[i] + z[i]; y may be x.
  void (*add)(std::size_t n, const float* x, const float* z, float* y);

  /// y [rows, n] = (x - mean) / sqrt(variance + 1e-5) · gain + bias; keeps mean [rows] and 1/sqrt [rows].
  void (*layernorm)(std::size_t rows, std::size_t n, const float* x, const float* gain, const float* bias,
                    float* y, float* mean, float* scale);
  /// dx [rows, n] += the gradient of x.
  void (*layernorm_backward)(std::size_t rows, std::size_t n, const float* x, const float* gain,
                             const float* mean, const float* scale, const float* dy, float* dx);
  /// Columns first..last-1 of dgain [n] and dbias [n], each summed over ascending rows.
  void (*layernorm_parameters)(std::size_t rows, std::size_t n, std::size_t first, std::size_t last,
                               const float* x, const float* mean, const float* scale, const float* dy,
                               float* dgain, float* dbias);
  /// Columns first..last-1 of sums [n] over the ascending rows of x [rows, n].
  void (*column_sums)(std::size_t rows, std::size_t n, std::size_t first, std::size_t last, const float* x,
                      float* sums);

  /// In place: row t of scores [n, n] becomes softmax(factor · scores[t, 0..t]), 0 beyond t.
  void (*causal_softmax)(std::size_t n, float factor, float* scores);
  /// In place: from probabilities p and their gradient dp [n, n] the gradient of the scores, 0 beyond t.
  void (*causal_softmax_backward)(std::size_t n, float factor, const float* p, float* dp);

  /// losses [rows] = -log softmax(logits [rows, n])[target]; in place logits become factor · their gradient.
  void (*cross_entropy)(std::size_t rows, std::size_t n, float factor, const std::uint8_t* targets,
                        float* logits, float* losses);

  /// sums[i] += gradient[i] · 2^scale_log2 as an integer (kernels/train/fixed_gradient.h). Returns the first
  /// i whose value is NaN or too large, where it stops; n: all were added.
  std::size_t (*add_fixed)(std::size_t n, std::uint32_t scale_log2, const float* gradient,
                           std::int64_t* sums);
  /// gradient[i] = sums[i] · 2^-scale_log2 / parts.
  void (*from_fixed)(std::size_t n, std::uint32_t scale_log2, std::uint32_t parts, const std::int64_t* sums,
                     float* gradient);

  void (*adamw)(std::size_t n, const AdamwFactors& factors, const float* gradient, float* weights,
                float* mean, float* square);
  /// velocity null: momentum is 0.
  void (*sgd)(std::size_t n, const SgdFactors& factors, const float* gradient, float* weights,
              float* velocity);
};

struct TrainKernel {
  const char* name;  ///< "x86-64", "x86-64-v3", "x86-64-v4", "aarch64"
  bool (*runs_here)();
  const TrainOps* ops;
};

/// Every compiled kernel, the plainest first.
std::span<const TrainKernel> all_train_kernels();

/// The fastest that this processor runs.
const TrainKernel& best_train_kernel();

}  // namespace reeve::kernels
