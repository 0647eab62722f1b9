#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "openjd/range_expr.h"
#include "protocol/archive.h"

namespace reeve::openjd {

/// What a chunk may be: an interval of integers, or any set of them. Numbers are stored: never reorder.
enum class RangeConstraint : std::uint8_t { kContiguous = 0, kNoncontiguous = 1 };

/// The values of a CHUNK[INT], cut into chunks that are as even as they can be. Nothing is listed out.
///
/// Each stretch of L values is cut into n = ⌈L/k⌉ chunks of ⌊L/n⌋ or one more. A stretch is an interval of
/// integers where chunks must be contiguous, and the whole range otherwise: 1-12 by 5 gives 1-4, 5-8, 9-12.
/// Source: 2023-09, 3.4.1.5.
class ChunkedRange {
 public:
  ChunkedRange() = default;
  /// per_chunk  the most values of a chunk; at least 1
  ChunkedRange(RangeExpr range, std::uint64_t per_chunk, RangeConstraint constraint);

  /// Chunks.
  std::uint64_t size() const { return size_; }
  /// Writes chunk `index` < size(): "5-5" or "5-9" where contiguous, otherwise "5", "5,6", "5-9", "5-9:2,20".
  void write(std::uint64_t index, std::string& out) const;

  bool operator==(const ChunkedRange& other) const {
    return range_ == other.range_ && per_chunk_ == other.per_chunk_ && constraint_ == other.constraint_;
  }

 private:
  /// `count` values from the range's index `first` on, cut into `chunks`; where `apart`, each is a chunk.
  /// `offset` chunks stand before.
  struct Stretch {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint64_t chunks = 0;
    std::uint64_t offset = 0;
    bool apart = false;
  };

  /// Finds the stretches; false where the fields do not make sense.
  bool index_stretches();
  void add_stretch(std::uint64_t first, std::uint64_t count, bool apart);

  template <class A>
  friend void fields(A& a, ChunkedRange& c) {
    a(c.range_, c.per_chunk_, c.constraint_);
    if constexpr (A::kReading) {
      if (a.ok() && !c.index_stretches()) a.fail();
    }
  }

  RangeExpr range_;
  std::uint64_t per_chunk_ = 1;
  RangeConstraint constraint_ = RangeConstraint::kContiguous;
  std::vector<Stretch> stretches_;  // of range_: found again after reading
  std::uint64_t size_ = 0;
};

}  // namespace reeve::openjd
