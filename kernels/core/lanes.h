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

REEVE_HD F32x8 abs(F32x8 a) {
  return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.value)};
}
/// a where `sign` is positive, -a where it is negative.
REEVE_HD F32x8 flip_sign(F32x8 a, F32x8 sign) {
  return {_mm256_xor_ps(a.value, _mm256_and_ps(_mm256_set1_ps(-0.0f), sign.value))};
}

/// Eight truths.
struct Mask8 {
#if defined(__AVX512VL__)
  __mmask8 value;
#else
  __m256 value;
#endif
};

#if defined(__AVX512VL__)
/// False where unordered.
REEVE_HD Mask8 operator<=(F32x8 a, F32x8 b) {
  return {_mm256_cmp_ps_mask(a.value, b.value, _CMP_LE_OQ)};
}
REEVE_HD Mask8 operator<(F32x8 a, F32x8 b) {
  return {_mm256_cmp_ps_mask(a.value, b.value, _CMP_LT_OQ)};
}
REEVE_HD Mask8 operator&(Mask8 a, Mask8 b) {
  return {static_cast<__mmask8>(a.value & b.value)};
}
/// Bit i is lane i's.
REEVE_HD std::uint32_t bits_of(Mask8 a) {
  return a.value;
}
#else
REEVE_HD Mask8 operator<=(F32x8 a, F32x8 b) {
  return {_mm256_cmp_ps(a.value, b.value, _CMP_LE_OQ)};
}
REEVE_HD Mask8 operator<(F32x8 a, F32x8 b) {
  return {_mm256_cmp_ps(a.value, b.value, _CMP_LT_OQ)};
}
REEVE_HD Mask8 operator&(Mask8 a, Mask8 b) {
  return {_mm256_and_ps(a.value, b.value)};
}
REEVE_HD std::uint32_t bits_of(Mask8 a) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(a.value));
}
#endif

struct I32x8 {
  __m256i value;
};

REEVE_HD I32x8 load8(const std::int32_t* p) {
  return {_mm256_load_si256(reinterpret_cast<const __m256i*>(p))};
}
REEVE_HD void store_unaligned8(std::int32_t* p, I32x8 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.value);
}
REEVE_HD void store_unaligned8(float* p, F32x8 a) {
  _mm256_storeu_ps(p, a.value);
}
/// Lane i is a's lane `from`[i] & 7.
REEVE_HD I32x8 permute8(I32x8 a, I32x8 from) {
  return {_mm256_permutevar8x32_epi32(a.value, from.value)};
}

/// Keys of what is not negative: they sort as it does, but for the three lowest bits, which say the lane. -1
/// where the mask is false.
REEVE_HD I32x8 lane_keys(F32x8 a, Mask8 mask) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i keys =
      _mm256_or_si256(_mm256_and_si256(_mm256_castps_si256(a.value), _mm256_set1_epi32(~7)), lanes);
#if defined(__AVX512VL__)
  return {_mm256_mask_mov_epi32(_mm256_set1_epi32(-1), mask.value, keys)};
#else
  return {_mm256_or_si256(keys, _mm256_xor_si256(_mm256_castps_si256(mask.value), _mm256_set1_epi32(-1)))};
#endif
}
/// What the keys are of, rounded down by less than eight units in the last place.
REEVE_HD F32x8 key_values(I32x8 keys) {
  return {_mm256_castsi256_ps(_mm256_and_si256(keys.value, _mm256_set1_epi32(~7)))};
}

/// One step of a sorting network: of each pair the larger goes to the lane that `smaller` does not name.
template <int smaller>
REEVE_HD __m256i sort_step(__m256i a, __m256i partners) {
  return _mm256_blend_epi32(_mm256_max_epi32(a, partners), _mm256_min_epi32(a, partners), smaller);
}

/// The largest comes first. Source: K. Batcher, "Sorting networks and their applications", AFIPS 1968.
REEVE_HD I32x8 sort_descending(I32x8 keys) {
  __m256i a = keys.value;
  a = sort_step<0xaa>(a, _mm256_shuffle_epi32(a, 0xb1));
  a = sort_step<0xcc>(a, _mm256_shuffle_epi32(a, 0x1b));
  a = sort_step<0xaa>(a, _mm256_shuffle_epi32(a, 0xb1));
  a = sort_step<0xf0>(a, _mm256_permutevar8x32_epi32(a, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0)));
  a = sort_step<0xcc>(a, _mm256_shuffle_epi32(a, 0x4e));
  a = sort_step<0xaa>(a, _mm256_shuffle_epi32(a, 0xb1));
  return {a};
}

#if defined(__AVX512VL__)
/// The lanes that `mask` names, moved together; what follows them is unspecified.
REEVE_HD I32x8 compress8(I32x8 a, std::uint32_t mask) {
  return {_mm256_maskz_compress_epi32(static_cast<__mmask8>(mask), a.value)};
}
#else
/// By mask, eight bytes: the lanes that it names, in order.
struct CompressTable {
  alignas(8) std::uint8_t lanes[256][8];

  constexpr CompressTable() : lanes{} {
    for (unsigned mask = 0; mask < 256; ++mask) {
      unsigned next = 0;
      for (unsigned lane = 0; lane < 8; ++lane) {
        if ((mask >> lane & 1) != 0) lanes[mask][next++] = static_cast<std::uint8_t>(lane);
      }
    }
  }
};
inline constexpr CompressTable kCompressTable;

REEVE_HD I32x8 compress8(I32x8 a, std::uint32_t mask) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kCompressTable.lanes[mask]));
  return permute8(a, {_mm256_cvtepu8_epi32(bytes)});
}
#endif

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
