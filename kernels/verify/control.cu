// Kernels that break the promise, each in one way: the lint must refuse every one, and be the more displeased
// by
// --use_fast_math. Compiled by tests/kernels/ptx_lint_test.py alone, into nothing that ships.
#include <cuda_runtime.h>

extern "C" __global__ void control_contraction(float* x) {
  x[0] = x[1] * x[2] + x[3];  // with --fmad=false two operations; without it one
}
extern "C" __global__ void control_sine(float* x) {
  x[0] = __sinf(x[1]);
}
extern "C" __global__ void control_reciprocal(float* x) {
  x[0] = __frcp_rz(x[1]);
}
extern "C" __global__ void control_division(float* x) {
  x[0] = __fdividef(x[1], x[2]);
}
extern "C" __global__ void control_root(float* x) {
  x[0] = rsqrtf(x[1]);
}
extern "C" __global__ void control_atomic(float* x) {
  atomicAdd(x, x[1]);
}
extern "C" __global__ void control_minimum(float* x) {
  x[0] = fminf(x[1], x[2]);
}
extern "C" __global__ void control_double(double* x) {
  x[0] = x[1] * x[2];
}
extern "C" __global__ void control_clock(long long* x) {
  x[0] = clock64();
}
