#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "protocol/archive.h"
#include "protocol/result.h"

namespace reeve::openjd {

/// Integers written as "1-100:2,200,310-300:-5": ascending, never listed out. Source: 2023-09, 3.4.1.1.1.
class RangeExpr {
 public:
  RangeExpr() = default;

  /// Errors: syntax, a skip of 0, a range that runs against its skip, parts that overlap (by the bounds
  /// that are written, as the specification has it), more than 2^32 - 2 values.
  static Result<RangeExpr> parse(std::string_view text);

  std::uint64_t size() const { return size_; }
  /// The value at `index` < size(), in ascending order. Logarithmic in the number of parts.
  std::int64_t at(std::uint64_t index) const;

  bool operator==(const RangeExpr&) const = default;

 private:
  /// first, first + step, …, `count` of them; `offset` values stand before.
  struct Run {
    std::int64_t first = 0;
    std::uint64_t step = 1;
    std::uint64_t count = 0;
    std::uint64_t offset = 0;
    bool operator==(const Run&) const = default;
    std::int64_t last() const {
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + (count - 1) * step);
    }
  };
  struct Part;

  static Result<Part> parse_part(std::string_view text);
  /// Sums the offsets; false where the runs are empty, out of order, overlap or are too many.
  bool index_runs();

  template <class A>
  friend void fields(A& a, Run& r) {
    a(r.first, r.step, r.count);
  }
  template <class A>
  friend void fields(A& a, RangeExpr& r) {
    a(r.runs_);
    if constexpr (A::kReading) {
      if (a.ok() && !r.index_runs()) a.fail();
    }
  }

  std::vector<Run> runs_;
  std::uint64_t size_ = 0;
};

}  // namespace reeve::openjd
