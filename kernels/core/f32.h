#pragma once

#include <cstdint>

#include "kernels/core/platform.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// A binary32 number whose every operation is one correctly rounded IEEE 754 operation, on host and device:
/// no operator can be contracted into another, and nothing converts to or from float unasked.
struct F32 {
  float value;

  F32() = default;
  REEVE_HD constexpr explicit F32(float number) : value(number) {}
  REEVE_HD static F32 of_signed_bits(std::int32_t bits);
};

#if defined(__CUDA_ARCH__)

REEVE_HD F32 operator+(F32 a, F32 b) {
  return F32(__fadd_rn(a.value, b.value));
}
REEVE_HD F32 operator-(F32 a, F32 b) {
  return F32(__fsub_rn(a.value, b.value));
}
REEVE_HD F32 operator*(F32 a, F32 b) {
  return F32(__fmul_rn(a.value, b.value));
}
REEVE_HD F32 operator/(F32 a, F32 b) {
  return F32(__fdiv_rn(a.value, b.value));
}
REEVE_HD F32 fma(F32 a, F32 b, F32 c) {
  return F32(__fmaf_rn(a.value, b.value, c.value));
}
REEVE_HD F32 sqrt(F32 a) {
  return F32(__fsqrt_rn(a.value));
}
REEVE_HD std::uint32_t bits_of(F32 a) {
  return __float_as_uint(a.value);
}
REEVE_HD F32 from_bits(std::uint32_t bits) {
  return F32(__uint_as_float(bits));
}
REEVE_HD F32 from_int64(std::int64_t i) {
  return F32(__ll2float_rn(i));
}

#else

REEVE_HD F32 operator+(F32 a, F32 b) {
  return F32(a.value + b.value);
}
REEVE_HD F32 operator-(F32 a, F32 b) {
  return F32(a.value - b.value);
}
REEVE_HD F32 operator*(F32 a, F32 b) {
  return F32(a.value * b.value);
}
REEVE_HD F32 operator/(F32 a, F32 b) {
  return F32(a.value / b.value);
}
REEVE_HD F32 sqrt(F32 a) {
  return F32(__builtin_sqrtf(a.value));
}
REEVE_HD F32 from_int64(std::int64_t i) {
  return F32(static_cast<float>(i));
}
REEVE_HD std::uint32_t bits_of(F32 a) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &a.value, sizeof bits);
  return bits;
}
REEVE_HD F32 from_bits(std::uint32_t bits) {
  F32 a;
  __builtin_memcpy(&a.value, &bits, sizeof bits);
  return a;
}

/// fma for processors without the instruction: the product is exact in binary64, the sum is rounded to odd
/// there, and so the last rounding to binary32 is the only one that counts.
/// Source: S. Boldo, G. Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using
/// rounding to odd", IEEE Transactions on Computers 57(4), 2008; TwoSum: D. Knuth, TAOCP 2, 4.2.2.
REEVE_HD F32 fma_by_double(F32 a, F32 b, F32 c) {
  const double product = static_cast<double>(a.value) * static_cast<double>(b.value);
  const double addend = static_cast<double>(c.value);
  double sum = product + addend;
  const double part = sum - product;
  const double error = (product - (sum - part)) + (addend - part);
  if (error < 0 || error > 0) {
    std::uint64_t bits;
    __builtin_memcpy(&bits, &sum, sizeof bits);
    if ((bits & 1) == 0) bits += ((error > 0) == (sum > 0)) ? 1 : ~std::uint64_t{0};
    __builtin_memcpy(&sum, &bits, sizeof bits);
  }
  return F32(static_cast<float>(sum));
}

#if defined(__FMA__) || defined(__aarch64__)
REEVE_HD F32 fma(F32 a, F32 b, F32 c) {
  return F32(__builtin_fmaf(a.value, b.value, c.value));
}
#else
REEVE_HD F32 fma(F32 a, F32 b, F32 c) {
  return fma_by_double(a, b, c);
}
#endif

#endif

REEVE_HD bool operator<(F32 a, F32 b) {
  return a.value < b.value;
}
REEVE_HD bool operator>(F32 a, F32 b) {
  return a.value > b.value;
}
REEVE_HD bool operator<=(F32 a, F32 b) {
  return a.value <= b.value;
}
REEVE_HD bool operator>=(F32 a, F32 b) {
  return a.value >= b.value;
}
REEVE_HD bool operator==(F32 a, F32 b) {
  return a.value == b.value;
}
REEVE_HD bool operator!=(F32 a, F32 b) {
  return a.value != b.value;
}

/// Ternaries, not fmin and fmax, whose treatment of NaN differs: b where the two are unordered.
REEVE_HD F32 min(F32 a, F32 b) {
  return a < b ? a : b;
}
REEVE_HD F32 max(F32 a, F32 b) {
  return a > b ? a : b;
}
REEVE_HD F32 operator-(F32 a) {
  return from_bits(bits_of(a) ^ 0x80000000u);
}
REEVE_HD F32 abs(F32 a) {
  return from_bits(bits_of(a) & 0x7fffffffu);
}
REEVE_HD F32 with_sign_of(F32 magnitude, F32 sign) {
  return from_bits((bits_of(magnitude) & 0x7fffffffu) | (bits_of(sign) & 0x80000000u));
}

/// low where a is NaN.
REEVE_HD F32 clamp(F32 a, F32 low, F32 high) {
  const F32 raised = a > low ? a : low;
  return raised < high ? raised : high;
}

/// One NaN for all: x86 and CUDA make different ones.
REEVE_HD F32 canonical(F32 a) {
  return a == a ? a : from_bits(0x7fc00000u);
}

/// What formulas for F32 and for WideF32 (kernels/core/wide.h) alike are written with.
REEVE_HD F32 select(bool mask, F32 yes, F32 no) {
  return mask ? yes : no;
}
REEVE_HD std::int32_t signed_bits_of(F32 a) {
  return static_cast<std::int32_t>(bits_of(a));
}
REEVE_HD F32 F32::of_signed_bits(std::int32_t bits) {
  return from_bits(static_cast<std::uint32_t>(bits));
}

REEVE_HD F32 from_int(std::int32_t i) {
  return F32(static_cast<float>(i));
}

/// Towards zero. The caller clamps to within ±2^30 first: beyond int32 hosts and devices differ.
REEVE_HD std::int32_t to_int(F32 a) {
  return static_cast<std::int32_t>(a.value);
}

/// The next integer below or equal, as an int, for |a| <= 2^30.
REEVE_HD std::int32_t floor_to_int(F32 a) {
  const std::int32_t toward_zero = to_int(a);
  return from_int(toward_zero) > a ? toward_zero - 1 : toward_zero;
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
