#pragma once

#include <cstdint>
#include <string>
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

  /// The set of `values`, which need not be sorted; what climbs by even steps becomes one part.
  /// Errors: no value; more parts than limits::kRangeRuns.
  static Result<RangeExpr> of_values(std::vector<std::int64_t> values);

  std::uint64_t size() const { return size_; }
  /// The value at `index` < size(), in ascending order. Logarithmic in the number of parts.
  std::int64_t at(std::uint64_t index) const;

  /// Appends the `count` values from `index` on as an expression: "5", "7,8", "1-9", "1-9:4", "1-4,7".
  void append_slice(std::uint64_t index, std::uint64_t count, std::string& out) const;

  bool operator==(const RangeExpr&) const = default;

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
  /// Ascending, none overlaps another.
  const std::vector<Run>& runs() const { return runs_; }

 private:
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
