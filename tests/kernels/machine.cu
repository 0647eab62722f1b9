// Kernels that use what the PTX machine must do for threads that wait for each other: run by
// ptx_machine_test.cpp alone, against the same sums made plainly.
#include <cuda_runtime.h>

/// out[block] = the sum of the block's numbers: an xor tree in each warp, then the warps' sums from shared
/// memory.
extern "C" __global__ void machine_sum(const unsigned* in, unsigned* out) {
  __shared__ unsigned sums[32];
  unsigned sum = in[blockIdx.x * blockDim.x + threadIdx.x];
  for (int step = 16; step > 0; step /= 2)
    sum += __shfl_xor_sync(0xffffffffu, sum, step);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  unsigned total = 0;
  for (unsigned warp = 0; warp < blockDim.x / 32; ++warp)
    total += sums[warp];
  out[blockIdx.x] = total;
}

/// out [5, 32]: what a warp sees by each kind of shuffle and vote.
extern "C" __global__ void machine_warp(const unsigned* in, unsigned* out) {
  const unsigned lane = threadIdx.x;
  out[lane] = __shfl_down_sync(0xffffffffu, in[lane], 3);
  out[32 + lane] = __shfl_up_sync(0xffffffffu, in[lane], 5);
  out[64 + lane] = __shfl_sync(0xffffffffu, in[lane], static_cast<int>(in[lane] % 32));
  out[96 + lane] = __ballot_sync(0xffffffffu, in[lane] % 3 == 0);
  out[128 + lane] = __any_sync(0xffffffffu, in[lane] == 77) | __all_sync(0xffffffffu, in[lane] < 1000) << 1;
}

/// One word a thread for each integer operation that has an instruction of its own.
///   out [8, threads]
extern "C" __global__ void machine_bits(const unsigned* in, unsigned* out) {
  const unsigned a = in[threadIdx.x];
  const unsigned b = in[(threadIdx.x + 1) % blockDim.x];
  const unsigned n = blockDim.x;
  unsigned* at = out + threadIdx.x;
  at[0] = __brev(a);
  at[n] = static_cast<unsigned>(__popc(a));
  at[2 * n] = static_cast<unsigned>(__clz(static_cast<int>(a)));
  at[3 * n] = __umulhi(a, b);
  at[4 * n] = __funnelshift_l(a, b, b & 31);
  at[5 * n] = __byte_perm(a, b, 0x6241);
  at[6 * n] = a / (b | 1) + a % (b | 1);
  at[7 * n] = static_cast<unsigned>(static_cast<int>(a) / static_cast<int>(b | 1));
}

/// A race: which thread's word stays is a matter of order.
extern "C" __global__ void machine_race(const unsigned* in, unsigned* out) {
  *out = in[threadIdx.x];
}

/// Threads that never meet: a device hangs, or does anything.
extern "C" __global__ void machine_torn(const unsigned* in, unsigned* out) {
  if (in[threadIdx.x] % 2 == 0) __syncthreads();
  *out = 1;
}
