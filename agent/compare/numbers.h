#pragma once

#include <cstdint>

#include "agent/compare/tensor.h"

namespace reeve::agent::compare {

/// One element: 64-bit integers keep all their bits, everything else is a double without rounding.
struct Element {
  double number = 0;
  std::uint64_t integer = 0;  // of kU64; of kI64 in two's complement
};

/// The element at `index` in the order of the file.
Element element_at(const Tensor& tensor, std::uint64_t index);

struct Distance {
  bool within = true;
  double by = 0;  // infinite where there is no number for it
};

/// |a - b| <= atol + rtol * max(|a|, |b|), in binary64; truth values must be equal, infinities the same, and
/// NaN is near nothing.
Distance distance(Number type, const Element& a, const Element& b, double rtol, double atol);

}  // namespace reeve::agent::compare
