#pragma once

#if !defined(__AVX2__) || !defined(__FMA__)
#error "kernels/core/lanes.h needs AVX2 and FMA; other processors take the scalar path"
#endif

#include <immintrin.h>

#include "kernels/core/f32.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// Eight F32 that do what one does, lane by lane.
struct F32x8 {
  __m256 value;
};

REEVE_HD F32x8 load8(const float* p) {
  return {_mm256_load_ps(p)};
}
REEVE_HD void store8(float* p, F32x8 a) {
  _mm256_store_ps(p, a.value);
}
REEVE_HD F32x8 splat8(F32 a) {
  return {_mm256_set1_ps(a.value)};
}
REEVE_HD F32x8 operator+(F32x8 a, F32x8 b) {
  return {_mm256_add_ps(a.value, b.value)};
}
REEVE_HD F32x8 operator-(F32x8 a, F32x8 b) {
  return {_mm256_sub_ps(a.value, b.value)};
}
REEVE_HD F32x8 operator*(F32x8 a, F32x8 b) {
  return {_mm256_mul_ps(a.value, b.value)};
}
REEVE_HD F32x8 operator/(F32x8 a, F32x8 b) {
  return {_mm256_div_ps(a.value, b.value)};
}
REEVE_HD F32x8 fma(F32x8 a, F32x8 b, F32x8 c) {
  return {_mm256_fmadd_ps(a.value, b.value, c.value)};
}
/// a · b - c with one rounding: what fma(a, b, -c) gives.
REEVE_HD F32x8 fms(F32x8 a, F32x8 b, F32x8 c) {
  return {_mm256_fmsub_ps(a.value, b.value, c.value)};
}
REEVE_HD F32x8 min(F32x8 a, F32x8 b) {
  return {_mm256_min_ps(a.value, b.value)};
}
REEVE_HD F32x8 max(F32x8 a, F32x8 b) {
  return {_mm256_max_ps(a.value, b.value)};
}

/// One bit a lane; false where unordered.
REEVE_HD std::uint32_t less_equal(F32x8 a, F32x8 b) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a.value, b.value, _CMP_LE_OQ)));
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
