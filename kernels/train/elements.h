#pragma once

#include "kernels/core/math.h"
#include "kernels/train/train_kernel.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// The formulas of training for one element: N is F32, or WideF32 for a register of them.

/// gelu(x) = x · sigmoid(2u), u = sqrt(2/pi) · (x + 0.044715 x^3): the tanh form.
/// Source: D. Hendrycks, K. Gimpel, "Gaussian error linear units", arXiv:1606.08415.
template <class N>
REEVE_HD N gelu_gate(N x) {
  const N twice_u = (x * N(1.5957691216f)) * fma(x * x, N(0.044715f), N(1));
  return N(1) / (N(1) + exp_of(-twice_u));
}
template <class N>
REEVE_HD N gelu(N x) {
  return x * gelu_gate(x);
}
/// d gelu(x) / dx = g + x · g · (1 - g) · d(2u)/dx for the gate g.
template <class N>
REEVE_HD N gelu_slope(N x) {
  const N gate = gelu_gate(x);
  const N inner = N(1.5957691216f) * fma(x * x, N(0.134145f), N(1));
  return fma((x * gate) * (N(1) - gate), inner, gate);
}

template <class N>
REEVE_HD N relu(N x) {
  return select(x < N(0), N(0), x);  // NaN stays
}
/// dy where x > 0, else 0.
template <class N>
REEVE_HD N relu_backward(N x, N dy) {
  return select(x > N(0), dy, N(0));
}

/// Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
template <class N>
REEVE_HD void adamw_element(const AdamwFactors& step, N gradient, N& weight, N& mean, N& square) {
  mean = fma(N(step.beta1), mean, N(F32(1) - F32(step.beta1)) * gradient);
  square = fma(N(step.beta2), square, N(F32(1) - F32(step.beta2)) * (gradient * gradient));
  const N size = sqrt(square * N(step.correct2)) + N(step.epsilon);
  const N direction = fma(N(step.decay), weight, (mean * N(step.correct1)) / size);
  weight = fma(-N(step.rate), direction, weight);
}

/// velocity = momentum · velocity + gradient + decay · weight; weight -= rate · velocity.
template <class N>
REEVE_HD void sgd_element(const SgdFactors& step, N gradient, N& weight, N& velocity) {
  velocity = fma(N(step.momentum), velocity, fma(N(step.decay), weight, gradient));
  weight = fma(-N(step.rate), velocity, weight);
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
