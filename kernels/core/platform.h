#pragma once

/// What one source needs to compile for every host and for CUDA.

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "kernels: -ffast-math breaks the promise of the same bits everywhere; remove it"
#endif

#if defined(__CUDACC__)
#define REEVE_HD __host__ __device__ __forceinline__
#define REEVE_HD_CALL __host__ __device__ inline
#else
#define REEVE_HD inline __attribute__((always_inline))
#define REEVE_HD_CALL inline
#endif

/// The instruction set that a translation unit is compiled for, as a namespace: the linker must never take
/// one instruction set's copy of an inline function for another's. REEVE_HD code uses nothing of std but
/// <cstdint> for the same reason.
#ifndef REEVE_KERNEL_ISA
#define REEVE_KERNEL_ISA portable
#endif
