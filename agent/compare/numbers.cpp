#include "agent/compare/numbers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace reeve::agent::compare {
namespace {

std::uint64_t raw_bits(const Tensor& tensor, std::uint64_t index) {
  const std::size_t bytes = number_bytes(tensor.type);
  const std::uint8_t* at = tensor.data.data() + index * bytes;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= std::uint64_t{at[tensor.big_endian ? bytes - 1 - i : i]} << (8 * i);
  return value;
}

template <class T>
T as(std::uint64_t raw) {
  T value;
  if constexpr (sizeof(T) == 4) {
    const auto low = static_cast<std::uint32_t>(raw);
    std::memcpy(&value, &low, sizeof value);
  } else {
    std::memcpy(&value, &raw, sizeof value);
  }
  return value;
}

/// A binary float of so many bits of exponent and fraction; `infinities`: the highest exponent is for
/// infinities and NaN.
double small_float(std::uint64_t raw, int exponent_bits, int fraction_bits, bool infinities) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int top = (1 << exponent_bits) - 1;
  const auto fraction = static_cast<int>(raw & ((1U << fraction_bits) - 1));
  const auto exponent = static_cast<int>(raw >> fraction_bits) & top;
  const bool negative = ((raw >> (exponent_bits + fraction_bits)) & 1) != 0;
  double value = 0;
  if (infinities && exponent == top) {
    value = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(fraction, 1 - bias - fraction_bits);
  } else {
    value = std::ldexp(fraction + (1 << fraction_bits), exponent - bias - fraction_bits);
  }
  return negative ? -value : value;
}

/// |a - b| of 64-bit integers, which always fits.
std::uint64_t integer_distance(Number type, std::uint64_t a, std::uint64_t b) {
  const bool less =
      type == Number::kI64 ? static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b) : a < b;
  return less ? b - a : a - b;
}

}  // namespace

Element element_at(const Tensor& tensor, std::uint64_t index) {
  const std::uint64_t raw = raw_bits(tensor, index);
  switch (tensor.type) {
    case Number::kBool: return {raw != 0 ? 1.0 : 0.0, 0};
    case Number::kI8: return {static_cast<double>(static_cast<std::int8_t>(raw)), 0};
    case Number::kI16: return {static_cast<double>(static_cast<std::int16_t>(raw)), 0};
    case Number::kI32: return {static_cast<double>(static_cast<std::int32_t>(raw)), 0};
    case Number::kI64: return {static_cast<double>(static_cast<std::int64_t>(raw)), raw};
    case Number::kU8:
    case Number::kU16:
    case Number::kU32: return {static_cast<double>(raw), 0};
    case Number::kU64: return {static_cast<double>(raw), raw};
    case Number::kF8E4M3: return {(raw & 0x7f) == 0x7f ? NAN : small_float(raw, 4, 3, false), 0};
    case Number::kF8E5M2: return {small_float(raw, 5, 2, true), 0};
    case Number::kF8E8M0: return {raw == 0xff ? NAN : std::ldexp(1.0, static_cast<int>(raw) - 127), 0};
    case Number::kF16: return {small_float(raw, 5, 10, true), 0};
    case Number::kBF16: return {static_cast<double>(as<float>(raw << 16)), 0};
    case Number::kF32: return {static_cast<double>(as<float>(raw)), 0};
    case Number::kF64: return {as<double>(raw), 0};
  }
  return {};
}

Distance distance(Number type, const Element& a, const Element& b, double rtol, double atol) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  if (std::isnan(a.number) || std::isnan(b.number)) return {false, kNone};
  double by = 0;
  if (type == Number::kI64 || type == Number::kU64) {
    if (a.integer == b.integer) return {};
    by = static_cast<double>(integer_distance(type, a.integer, b.integer));
  } else {
    if (a.number == b.number) return {};
    by = std::abs(a.number - b.number);
  }
  // An infinite bound would take anything in.
  if (std::isinf(a.number) || std::isinf(b.number)) return {false, kNone};
  if (type == Number::kBool) return {false, by};
  const double scaled = rtol * std::max(std::abs(a.number), std::abs(b.number));
  const double bound = atol + scaled;
  return {by <= bound && std::isfinite(by), by};
}

}  // namespace reeve::agent::compare
