#pragma once

#include "kernels/core/f32.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// F32 values in one register, as many as the instruction set has room for. A formula written for a type N
/// runs with N = F32 (devices, the ends of rows) and N = WideF32 (hosts) and gives the same bits a lane.
#if defined(__AVX512F__)
inline constexpr int kWideLanes = 16;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr int kWideLanes = 8;
#else
inline constexpr int kWideLanes = 4;
#endif

using WideFloats = float __attribute__((vector_size(4 * kWideLanes)));
using WideInts = std::int32_t __attribute__((vector_size(4 * kWideLanes)));
using WideBits = std::uint32_t __attribute__((vector_size(4 * kWideLanes)));

REEVE_HD WideFloats splat_floats(float number) {
#if defined(__AVX512F__)
  return _mm512_set1_ps(number);
#elif defined(__AVX2__) && defined(__FMA__)
  return _mm256_set1_ps(number);
#else
  return WideFloats{number, number, number, number};
#endif
}

struct WideF32 {
  WideFloats value;

  WideF32() = default;
  REEVE_HD explicit WideF32(WideFloats lanes) : value(lanes) {}
  REEVE_HD explicit WideF32(float number) : value(splat_floats(number)) {}
  REEVE_HD explicit WideF32(F32 number) : value(splat_floats(number.value)) {}
  REEVE_HD static WideF32 of_signed_bits(WideInts bits);
};

REEVE_HD WideF32 load_wide(const float* p) {
  WideF32 a;
  __builtin_memcpy(&a.value, p, sizeof a.value);
  return a;
}
REEVE_HD void store_wide(float* p, WideF32 a) {
  __builtin_memcpy(p, &a.value, sizeof a.value);
}
REEVE_HD WideF32 operator+(WideF32 a, WideF32 b) {
  return WideF32(a.value + b.value);
}
REEVE_HD WideF32 operator-(WideF32 a, WideF32 b) {
  return WideF32(a.value - b.value);
}
REEVE_HD WideF32 operator*(WideF32 a, WideF32 b) {
  return WideF32(a.value * b.value);
}
REEVE_HD WideF32 operator/(WideF32 a, WideF32 b) {
  return WideF32(a.value / b.value);
}

#if defined(__AVX512F__)
REEVE_HD WideF32 fma(WideF32 a, WideF32 b, WideF32 c) {
  return WideF32(_mm512_fmadd_ps(a.value, b.value, c.value));
}
REEVE_HD WideF32 sqrt(WideF32 a) {
  return WideF32(_mm512_maskz_sqrt_ps(0xffff, a.value));  // g++ 12 warns of the plain form's own register
}
#elif defined(__AVX2__) && defined(__FMA__)
REEVE_HD WideF32 fma(WideF32 a, WideF32 b, WideF32 c) {
  return WideF32(_mm256_fmadd_ps(a.value, b.value, c.value));
}
REEVE_HD WideF32 sqrt(WideF32 a) {
  return WideF32(_mm256_sqrt_ps(a.value));
}
#elif defined(__aarch64__)
REEVE_HD WideF32 fma(WideF32 a, WideF32 b, WideF32 c) {
  return WideF32(vfmaq_f32(c.value, a.value, b.value));
}
REEVE_HD WideF32 sqrt(WideF32 a) {
  return WideF32(vsqrtq_f32(a.value));
}
#else
REEVE_HD WideF32 fma(WideF32 a, WideF32 b, WideF32 c) {
  WideF32 sum;
  for (int i = 0; i < kWideLanes; ++i)
    sum.value[i] = fma(F32(a.value[i]), F32(b.value[i]), F32(c.value[i])).value;
  return sum;
}
REEVE_HD WideF32 sqrt(WideF32 a) {
  WideF32 root;
  for (int i = 0; i < kWideLanes; ++i)
    root.value[i] = sqrt(F32(a.value[i])).value;
  return root;
}
#endif

/// Comparisons give a mask a lane; `select` takes one, as `?:` does for F32.
REEVE_HD WideInts operator<(WideF32 a, WideF32 b) {
  return reinterpret_cast<WideInts>(a.value < b.value);
}
REEVE_HD WideInts operator>(WideF32 a, WideF32 b) {
  return reinterpret_cast<WideInts>(a.value > b.value);
}
REEVE_HD WideInts operator==(WideF32 a, WideF32 b) {
  return reinterpret_cast<WideInts>(a.value == b.value);
}
REEVE_HD WideBits bits_of(WideF32 a) {
  return reinterpret_cast<WideBits>(a.value);
}
REEVE_HD WideF32 from_bits(WideBits bits) {
  return WideF32(reinterpret_cast<WideFloats>(bits));
}
REEVE_HD WideInts signed_bits_of(WideF32 a) {
  return reinterpret_cast<WideInts>(a.value);
}
REEVE_HD WideF32 WideF32::of_signed_bits(WideInts bits) {
  return WideF32(reinterpret_cast<WideFloats>(bits));
}
REEVE_HD WideF32 select(WideInts mask, WideF32 yes, WideF32 no) {
  const WideBits chosen = reinterpret_cast<WideBits>(mask);
  return from_bits((bits_of(yes) & chosen) | (bits_of(no) & ~chosen));
}
REEVE_HD WideF32 operator-(WideF32 a) {
  return from_bits(bits_of(a) ^ 0x80000000u);
}
REEVE_HD WideF32 abs(WideF32 a) {
  return from_bits(bits_of(a) & 0x7fffffffu);
}
REEVE_HD WideF32 max(WideF32 a, WideF32 b) {
  return select(a > b, a, b);
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
