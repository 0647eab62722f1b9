#include "openjd/chunked_range.h"

#include <algorithm>

#include "protocol/check.h"

namespace reeve::openjd {

ChunkedRange::ChunkedRange(RangeExpr range, std::uint64_t per_chunk, RangeConstraint constraint)
    : range_(std::move(range)), per_chunk_(per_chunk), constraint_(constraint) {
  REEVE_CHECK(index_stretches(), "a range that is not empty is cut by a checked count");
}

void ChunkedRange::add_stretch(std::uint64_t first, std::uint64_t count, bool apart) {
  if (count == 0) return;
  const bool joins = !apart && !stretches_.empty() && !stretches_.back().apart && first != 0 &&
                     range_.at(first - 1) + 1 == range_.at(first);
  if (joins) {
    stretches_.back().count += count;
  } else {
    stretches_.push_back({first, count, 0, 0, apart});
  }
}

bool ChunkedRange::index_stretches() {
  stretches_.clear();
  size_ = 0;
  if (per_chunk_ == 0 || range_.size() == 0 || constraint_ > RangeConstraint::kNoncontiguous) return false;
  if (constraint_ == RangeConstraint::kNoncontiguous) {
    stretches_.push_back({0, range_.size(), 0, 0, false});
  } else {
    for (const RangeExpr::Run& run : range_.runs()) {
      if (run.step == 1 || run.count == 1) {
        add_stretch(run.offset, run.count, false);
      } else {  // only the ends of a run with gaps can touch a neighbour
        add_stretch(run.offset, 1, false);
        add_stretch(run.offset + 1, run.count - 2, true);
        add_stretch(run.offset + run.count - 1, 1, false);
      }
    }
  }
  for (Stretch& stretch : stretches_) {
    stretch.offset = size_;
    stretch.chunks = stretch.apart ? stretch.count : (stretch.count - 1) / per_chunk_ + 1;
    size_ += stretch.chunks;
  }
  return true;
}

void ChunkedRange::write(std::uint64_t index, std::string& out) const {
  REEVE_CHECK(index < size_, "a chunk's index lies inside its range");
  const auto after = std::upper_bound(stretches_.begin(), stretches_.end(), index,
                                      [](std::uint64_t i, const Stretch& s) { return i < s.offset; });
  const Stretch& stretch = *std::prev(after);
  // Of n chunks, r = L mod n are longer by one: those at ⌊i·n/r⌋, so ⌈j·r/n⌉ of the first j are.
  const std::uint64_t even = stretch.count / stretch.chunks;
  const std::uint64_t longer = stretch.count % stretch.chunks;
  const auto start = [&](std::uint64_t j) {
    return j * even + (j * longer + stretch.chunks - 1) / stretch.chunks;
  };
  const std::uint64_t local = index - stretch.offset;
  const std::uint64_t first = stretch.first + start(local);
  const std::uint64_t count = start(local + 1) - start(local);
  out.clear();
  if (constraint_ == RangeConstraint::kNoncontiguous) {
    range_.append_slice(first, count, out);
  } else {
    out += std::to_string(range_.at(first));
    out += '-';
    out += std::to_string(range_.at(first + count - 1));
  }
}

}  // namespace reeve::openjd
