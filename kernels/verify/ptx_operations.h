#pragma once

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/verify/ptx_machine.h"

/// What single instructions do. Source: NVIDIA, Parallel Thread Execution ISA 9.0. Apart from kernels/core on
/// purpose: one must not hide a mistake of the other.
namespace reeve::ptx {

inline float float_of(u32 bits) {
  return std::bit_cast<float>(bits);
}
inline u32 bits_of(float number) {
  return std::bit_cast<u32>(number);
}

inline u32 add_f32(u32 a, u32 b) {
  return bits_of(float_of(a) + float_of(b));
}
inline u32 sub_f32(u32 a, u32 b) {
  return bits_of(float_of(a) - float_of(b));
}
inline u32 mul_f32(u32 a, u32 b) {
  return bits_of(float_of(a) * float_of(b));
}
inline u32 div_f32(u32 a, u32 b) {
  return bits_of(float_of(a) / float_of(b));
}
inline u32 fma_f32(u32 a, u32 b, u32 c) {
  return bits_of(std::fma(float_of(a), float_of(b), float_of(c)));
}
inline u32 sqrt_f32(u32 a) {
  return bits_of(std::sqrt(float_of(a)));
}

/// Towards zero; saturates, NaN gives 0.
template <class Integer>
Integer truncate(u32 bits) {
  const float number = float_of(bits);
  if (std::isnan(number)) return 0;
  constexpr auto kTop = static_cast<float>(std::numeric_limits<Integer>::max());  // a power of two
  if (number >= kTop) return std::numeric_limits<Integer>::max();
  if (number <= static_cast<float>(std::numeric_limits<Integer>::min()))
    return std::numeric_limits<Integer>::min();
  return static_cast<Integer>(number);
}

#define REEVE_PTX_COMPARE(name, unordered, sign)                              \
  inline bool compare_##name(u32 a, u32 b) {                                  \
    if (std::isnan(float_of(a)) || std::isnan(float_of(b))) return unordered; \
    return float_of(a) sign float_of(b);                                      \
  }
REEVE_PTX_COMPARE(eq, false, ==)
REEVE_PTX_COMPARE(ne, false, !=)
REEVE_PTX_COMPARE(lt, false, <)
REEVE_PTX_COMPARE(le, false, <=)
REEVE_PTX_COMPARE(gt, false, >)
REEVE_PTX_COMPARE(ge, false, >=)
REEVE_PTX_COMPARE(equ, true, ==)
REEVE_PTX_COMPARE(neu, true, !=)
REEVE_PTX_COMPARE(ltu, true, <)
REEVE_PTX_COMPARE(leu, true, <=)
REEVE_PTX_COMPARE(gtu, true, >)
REEVE_PTX_COMPARE(geu, true, >=)
#undef REEVE_PTX_COMPARE

inline bool compare_nan(u32 a, u32 b) {
  return std::isnan(float_of(a)) || std::isnan(float_of(b));
}
inline bool compare_num(u32 a, u32 b) {
  return !compare_nan(a, b);
}

template <class Integer>
Integer multiply_high(Integer a, Integer b) {
  if constexpr (sizeof(Integer) == 4) {
    using Wide = std::conditional_t<std::is_signed_v<Integer>, s64, u64>;
    return static_cast<Integer>((Wide{a} * b) >> 32);
  } else {
    __extension__ using Wide = std::conditional_t<std::is_signed_v<Integer>, __int128, unsigned __int128>;
    return static_cast<Integer>((static_cast<Wide>(a) * b) >> 64);
  }
}
/// By zero: all ones, as devices give; what it is is not specified, and so no kernel may look at it.
template <class Integer>
Integer div_integer(Integer a, Integer b) {
  if (b == 0) stop("a division of integers by zero");
  return static_cast<Integer>(a / b);
}
template <class Integer>
Integer rem_integer(Integer a, Integer b) {
  if (b == 0) stop("a remainder of a division by zero");
  return static_cast<Integer>(a % b);
}

template <class Integer>
Integer shl(Integer a, u32 by) {
  using Bits = std::make_unsigned_t<Integer>;
  return by >= 8 * sizeof(Integer) ? Integer{0} : static_cast<Integer>(static_cast<Bits>(a) << by);
}
/// Signed ones keep their sign; beyond the width only it is left.
template <class Integer>
Integer shr(Integer a, u32 by) {
  constexpr u32 kTop = 8 * sizeof(Integer) - 1;
  if (by > kTop) return std::is_signed_v<Integer> ? static_cast<Integer>(a >> kTop) : Integer{0};
  return static_cast<Integer>(a >> by);
}
inline u32 limit_wrap(u32 by) {
  return by & 31;
}
inline u32 limit_clamp(u32 by) {
  return by < 32 ? by : 32;
}
inline u32 funnel_l(u32 low, u32 high, u32 by) {
  return static_cast<u32>((u64{high} << 32 | low) << by >> 32);
}
inline u32 funnel_r(u32 low, u32 high, u32 by) {
  return static_cast<u32>((u64{high} << 32 | low) >> by);
}

template <class Integer>
u32 popc(Integer a) {
  return static_cast<u32>(std::popcount(a));
}
template <class Integer>
u32 clz(Integer a) {
  return static_cast<u32>(std::countl_zero(a));
}
template <class Integer>
Integer reverse_bits(Integer a) {
  Integer reversed = 0;
  for (u32 i = 0; i < 8 * sizeof(Integer); ++i)
    reversed = static_cast<Integer>(reversed << 1 | (a >> i & 1));
  return reversed;
}
/// The place of the highest bit, or how far it is from the top; all ones where there is none.
template <class Integer>
u32 highest_bit(Integer a, bool from_top) {
  if (a == 0) return ~u32{0};
  const u32 zeros = static_cast<u32>(std::countl_zero(a));
  return from_top ? zeros : static_cast<u32>(8 * sizeof(Integer)) - 1 - zeros;
}
template <class Integer>
Integer extract_bits(Integer a, u32 start, u32 length) {
  constexpr u32 kBits = 8 * sizeof(Integer);
  start &= 255;
  length &= 255;
  if (length == 0) return 0;
  const u32 top = start + length - 1 < kBits - 1 ? start + length - 1 : kBits - 1;
  const bool negative = std::is_signed_v<Integer> && (a >> top & 1) != 0;
  Integer out = 0;
  for (u32 i = 0; i < kBits; ++i) {
    const bool bit = i < length && start + i < kBits ? (a >> (start + i) & 1) != 0 : negative;
    out = static_cast<Integer>(out | static_cast<Integer>(Integer{bit} << i));
  }
  return out;
}
template <class Integer>
Integer insert_bits(Integer a, Integer into, u32 start, u32 length) {
  start &= 255;
  length &= 255;
  for (u32 i = 0; i < length && start + i < 8 * sizeof(Integer); ++i) {
    const Integer bit = Integer{1} << (start + i);
    into = static_cast<Integer>((into & ~bit) | ((a >> i & 1) != 0 ? bit : 0));
  }
  return into;
}
inline u32 permute(u32 a, u32 b, u32 selector) {
  const u64 bytes = u64{b} << 32 | a;
  u32 out = 0;
  for (u32 i = 0; i < 4; ++i) {
    const u32 nibble = selector >> (4 * i) & 15;
    const u32 byte = static_cast<u32>(bytes >> (8 * (nibble & 7)) & 255);
    out |= ((nibble & 8) != 0 ? ((byte & 128) != 0 ? 255u : 0u) : byte) << (8 * i);
  }
  return out;
}
inline u32 logic3(u32 a, u32 b, u32 c, u32 table) {
  u32 out = 0;
  for (u32 i = 0; i < 32; ++i)
    out |= (table >> ((a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1)) & 1) << i;
  return out;
}
inline s32 dot4(s32 a, s32 b, s32 sum) {
  for (u32 i = 0; i < 4; ++i)
    sum += s32{static_cast<s8>(a >> (8 * i))} * s32{static_cast<s8>(b >> (8 * i))};
  return sum;
}

/// A device faults where an address is not aligned to the value, and so does this.
template <class Value>
void require_aligned(u64 address) {
  if (address % sizeof(Value) != 0) stop("an address that is not aligned to its value");
}
template <class Value>
Value load(u64 address) {
  require_aligned<Value>(address);
  Value value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}
template <class Value>
void store(u64 address, Value value) {
  require_aligned<Value>(address);
  std::memcpy(reinterpret_cast<void*>(address), &value, sizeof value);
}

template <class Value, class Change>
Value atomic_change(u64 address, Change change) {
  const Value old = load<Value>(address);
  store<Value>(address, change(old));
  return old;
}
template <class Value>
Value atomic_add(u64 address, Value b) {
  return atomic_change<Value>(
      address, [b](Value a) { return static_cast<Value>(static_cast<u64>(a) + static_cast<u64>(b)); });
}
template <class Value>
Value atomic_min(u64 address, Value b) {
  return atomic_change<Value>(address, [b](Value a) { return a < b ? a : b; });
}
template <class Value>
Value atomic_max(u64 address, Value b) {
  return atomic_change<Value>(address, [b](Value a) { return a > b ? a : b; });
}
template <class Value>
Value atomic_and(u64 address, Value b) {
  return atomic_change<Value>(address, [b](Value a) { return a & b; });
}
template <class Value>
Value atomic_or(u64 address, Value b) {
  return atomic_change<Value>(address, [b](Value a) { return a | b; });
}
template <class Value>
Value atomic_xor(u64 address, Value b) {
  return atomic_change<Value>(address, [b](Value a) { return a ^ b; });
}
template <class Value>
Value atomic_exch(u64 address, Value b) {
  return atomic_change<Value>(address, [b](Value) { return b; });
}
template <class Value>
Value atomic_cas(u64 address, Value expected, Value b) {
  return atomic_change<Value>(address, [expected, b](Value a) { return a == expected ? b : a; });
}

}  // namespace reeve::ptx
