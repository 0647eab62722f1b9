#pragma once

#include "kernels/core/f32.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// Elementary functions from nothing but F32 operations, so that they give the same bits everywhere; libm and
/// the GPU's own units do not. Polynomials are minimax fits; errors are stated in units in the last place.

REEVE_HD F32 quiet_nan() {
  return from_bits(0x7fc00000u);
}
REEVE_HD F32 infinity() {
  return from_bits(0x7f800000u);
}

/// e^x, at most 1 ulp off where the result is normal; overflows to infinity, underflows through denormals.
/// N: F32, or WideF32 for a register of them.
template <class N>
REEVE_HD N exp_of(N x) {
  N clamped = select(x > N(89), N(89), x);
  clamped = select(clamped < N(-104), N(-104), clamped);
  // Adding 1.5 · 2^23 rounds to an integer n, which then sits in the low bits.
  const N shifted = fma(clamped, N(0x1.715476p+0f), N(12582912.0f));
  const auto n = signed_bits_of(shifted) - 0x4b400000;
  const N nf = shifted - N(12582912.0f);
  N r = fma(nf, N(-0x1.62e430p-1f), clamped);
  r = fma(nf, N(0x1.05c610p-29f), r);
  N p(0x1.6d1270p-10f);
  p = fma(p, r, N(0x1.120cd4p-7f));
  p = fma(p, r, N(0x1.555518p-5f));
  p = fma(p, r, N(0x1.5554dcp-3f));
  p = fma(p, r, N(0.5f));
  p = fma(r * r, p, r);
  const N e = p + N(1);
  // Two exact powers of two, so that a denormal result is rounded once.
  const auto half = n >> 1;
  const N scale_a = N::of_signed_bits((half + 127) << 23);
  const N scale_b = N::of_signed_bits((n - half + 127) << 23);
  const N y = (e * scale_a) * scale_b;
  return select(x == x, y, N(quiet_nan()));
}
REEVE_HD_CALL F32 exp(F32 x) {
  return exp_of(x);
}

/// Natural logarithm, at most 1 ulp off; -infinity at 0, NaN below.
REEVE_HD_CALL F32 log(F32 x) {
  const bool denormal = bits_of(x) < 0x00800000u;
  const std::uint32_t u = bits_of(denormal ? x * F32(0x1p25f) : x);
  const std::int32_t e = static_cast<std::int32_t>(u - 0x3f3504f3u) >> 23;
  const F32 f = from_bits(u - (static_cast<std::uint32_t>(e) << 23)) - F32(1);
  const F32 k = from_int(e - (denormal ? 25 : 0));
  F32 q(-0x1.4410d4p-4f);
  q = fma(q, f, F32(0x1.02cbd6p-3f));
  q = fma(q, f, F32(-0x1.0a4404p-3f));
  q = fma(q, f, F32(0x1.23158cp-3f));
  q = fma(q, f, F32(-0x1.54ce74p-3f));
  q = fma(q, f, F32(0x1.999f42p-3f));
  q = fma(q, f, F32(-0x1.0000d2p-2f));
  q = fma(q, f, F32(0x1.555554p-2f));
  const F32 f2 = f * f;
  F32 r = fma(f2 * f, q, F32(-0.5f) * f2);
  r = fma(k, F32(-0x1.05c610p-29f), r);
  r = r + f;
  r = fma(k, F32(0x1.62e430p-1f), r);
  if (x == F32(0)) r = -infinity();
  if (x < F32(0) || x != x) r = quiet_nan();
  if (x == infinity()) r = infinity();
  return r;
}

/// x^y for x >= 0 as exp(y · log x): the relative error grows as |y · log x| ulp.
REEVE_HD F32 pow(F32 x, F32 y) {
  return exp(y * log(x));
}

struct SinCos {
  F32 sin, cos;
};

/// sin and cos of pi · x for |x| < 2^22, each at most 1 ulp off while |x| <= 1/4.
REEVE_HD SinCos sin_cos_pi(F32 x) {
  const F32 shifted = fma(x, F32(2), F32(12582912.0f));
  const std::uint32_t quadrant = bits_of(shifted);
  const F32 f = fma(shifted - F32(12582912.0f), F32(-0.5f), x);
  const F32 z = f * f;
  F32 a(-0x1.2d9922p-1f);
  a = fma(a, z, F32(0x1.465eb8p+1f));
  a = fma(a, z, F32(-0x1.4abbbap+2f));
  a = (a * z) * f;
  a = fma(f, F32(-0x1.777a5cp-24f), a);
  const F32 s = fma(f, F32(0x1.921fb6p+1f), a);
  F32 b(0x1.d9bf94p-3f);
  b = fma(b, z, F32(-0x1.55c56ep+0f));
  b = fma(b, z, F32(0x1.03c1dcp+2f));
  b = fma(b, z, F32(-0x1.3bd3ccp+2f));
  const F32 c = fma(b, z, F32(1));
  const bool swap = (quadrant & 1) != 0;
  return {from_bits(bits_of(swap ? c : s) ^ ((quadrant & 2) << 30)),
          from_bits(bits_of(swap ? s : c) ^ (((quadrant + 1) & 2) << 30))};
}

/// The angle of (x, y) divided by pi, in -1..1, at most 5 ulp off; 0 for (0, 0).
REEVE_HD_CALL F32 atan2_pi(F32 y, F32 x) {
  const F32 ax = abs(x);
  const F32 ay = abs(y);
  const F32 large = max(ax, ay);
  if (!(large > F32(0))) return F32(0);
  const F32 t = min(ax, ay) / large;
  const F32 z = t * t;
  F32 p(-0x1.8ee54ep-10f);
  p = fma(p, z, F32(0x1.0023e0p-7f));
  p = fma(p, z, F32(-0x1.386a18p-6f));
  p = fma(p, z, F32(0x1.034450p-5f));
  p = fma(p, z, F32(-0x1.6dd494p-5f));
  p = fma(p, z, F32(0x1.0462e2p-4f));
  p = fma(p, z, F32(-0x1.b2953cp-4f));
  p = fma(p, z, F32(0x1.45f304p-2f));
  F32 angle = t * p;
  angle = ay > ax ? F32(0.5f) - angle : angle;
  angle = x < F32(0) ? F32(1) - angle : angle;
  return with_sign_of(angle, y);
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
