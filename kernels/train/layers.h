#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/train/team.h"
#include "kernels/train/train_kernel.h"

namespace reeve::kernels {

/// The operations of training over whole matrices (row-major f32, without gaps), shared out over a team. Each
/// gives the same bits for any kernel and any team.
class Layers {
 public:
  Layers(const TrainOps& ops, Team& team) : ops_(ops), team_(team) {}

  void gemm(const GemmCall& call) const;

  /// y [rows, outputs] = x [rows, inputs] · weightᵀ + bias; weight [outputs, inputs], bias [outputs] or null.
  void dense(std::size_t rows, std::size_t inputs, std::size_t outputs, const float* x, const float* weight,
             const float* bias, float* y) const;
  /// dx [rows, inputs] = dy · weight. With kSum it is added.
  void dense_inputs(std::size_t rows, std::size_t inputs, std::size_t outputs, const float* dy,
                    const float* weight, float* dx) const;
  /// dweight = dyᵀ · x, summed over rows by `gemm.k256`; dbias (or null) the column sums of dy.
  void dense_weights(std::size_t rows, std::size_t inputs, std::size_t outputs, const float* x,
                     const float* dy, float* dweight, float* dbias) const;

  using Map = void (*)(std::size_t n, const float* x, float* y);
  using MapTwo = void (*)(std::size_t n, const float* x, const float* z, float* y);
  void map(Map f, std::size_t n, const float* x, float* y) const;
  void map(MapTwo f, std::size_t n, const float* x, const float* z, float* y) const;

  void layernorm(std::size_t rows, std::size_t n, const float* x, const float* gain, const float* bias,
                 float* y, float* mean, float* scale) const;
  /// dx += its gradient; dgain and dbias are overwritten.
  void layernorm_backward(std::size_t rows, std::size_t n, const float* x, const float* gain,
                          const float* mean, const float* scale, const float* dy, float* dx, float* dgain,
                          float* dbias) const;
  void cross_entropy(std::size_t rows, std::size_t n, float factor, const std::uint8_t* targets,
                     float* logits, float* losses) const;

  const TrainOps& ops() const { return ops_; }
  Team& team() const { return team_; }

 private:
  /// Calls work(first, last) for ranges that cover 0..n-1, of a multiple of `step`, none much below `least`.
  template <class Work>
  void share(std::size_t n, std::size_t step, std::size_t least, Work work) const;

  const TrainOps& ops_;
  Team& team_;
};

}  // namespace reeve::kernels
