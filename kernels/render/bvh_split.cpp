#include "kernels/render/bvh_split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <thread>

#include "kernels/render/intersect.h"
#include "kernels/render/parallel.h"
#include "kernels/render/scene_format.h"

namespace reeve::kernels {
namespace {

using Int4 = std::int32_t __attribute__((vector_size(16)));

constexpr int kBins = 16;
constexpr std::uint32_t kHalvingDepth = kMaxTreeDepth - 24;  // 2^24 triangles need 24 halvings
static_assert(kMaxWorldTriangles <= 1u << 24);

/// A subtree of fewer triangles is not worth a thread.
constexpr std::uint32_t kThreadTriangles = 4096;

std::uint32_t blocks(std::uint32_t triangles) {
  return (triangles + kWidth - 1) / kWidth;
}

/// Where centres fall among the bins of each axis.
struct Binning {
  Float4 low, scale;

  explicit Binning(const Box& centers) : low(centers.low) {
    const Float4 size = centers.high - centers.low;
    for (int axis = 0; axis < 4; ++axis) {
      scale[axis] = axis < 3 && size[axis] > 0 ? (kBins * 0.9999f) / size[axis] : 0;
    }
  }
  Int4 bins_of(Float4 center) const { return __builtin_convertvector((center - low) * scale, Int4); }
};

struct Split {
  float cost = INFINITY;
  int axis = -1;
  int last_left_bin = 0;
};

using BinBoxes = std::array<Box, kBins>;
using BinCounts = std::array<std::uint32_t, kBins>;

void sweep(int axis, const BinBoxes& boxes, const BinCounts& counts, Split& best) {
  std::array<float, kBins> right_cost{};
  Box box = Box::none();
  std::uint32_t count = 0;
  for (int bin = kBins - 1; bin > 0; --bin) {
    box.add(boxes[bin]);
    count += counts[bin];
    right_cost[bin] = count != 0 ? box.half_area() * static_cast<float>(blocks(count)) : INFINITY;
  }
  box = Box::none();
  count = 0;
  for (int bin = 0; bin + 1 < kBins; ++bin) {
    box.add(boxes[bin]);
    count += counts[bin];
    if (count == 0) continue;
    const float cost = box.half_area() * static_cast<float>(blocks(count)) + right_cost[bin + 1];
    if (cost < best.cost) best = {cost, axis, bin};
  }
}

Split best_split(std::span<const Reference> references, const Binning& binning) {
  std::array<BinBoxes, 3> boxes;
  std::array<BinCounts, 3> counts{};
  for (BinBoxes& of_axis : boxes)
    of_axis.fill(Box::none());
  for (const Reference& reference : references) {
    const Int4 bins = binning.bins_of(reference.center());
    for (int axis = 0; axis < 3; ++axis) {
      const auto bin = static_cast<std::size_t>(bins[axis]);
      boxes[axis][bin].add(reference.box);
      ++counts[axis][bin];
    }
  }
  Split best;
  for (int axis = 0; axis < 3; ++axis) {
    if (binning.scale[axis] > 0) sweep(axis, boxes[axis], counts[axis], best);
  }
  return best;
}

void partition(Reference* references, const ReferenceRange& range, const Binning& binning, const Split& split,
               ReferenceRange& left, ReferenceRange& right) {
  left = right = ReferenceRange{range.first};
  std::uint32_t from = range.first;
  std::uint32_t to = range.first + range.count;
  while (from < to) {
    Reference& reference = references[from];
    const Float4 center = reference.center();
    const bool goes_left = binning.bins_of(center)[split.axis] <= split.last_left_bin;
    ReferenceRange& side = goes_left ? left : right;
    side.box.add(reference.box);
    side.centers.add(center);
    if (goes_left) {
      ++from;
    } else {
      std::swap(reference, references[--to]);
    }
  }
  left.count = from - range.first;
  right.first = from;
  right.count = range.count - left.count;
}

ReferenceRange bounded(const Reference* references, std::uint32_t first, std::uint32_t count) {
  ReferenceRange range{first, count};
  for (std::uint32_t i = first; i < first + count; ++i) {
    range.box.add(references[i].box);
    range.centers.add(references[i].center());
  }
  return range;
}

}  // namespace

BinaryTree::BinaryTree(std::span<const TriangleView> triangles, const BvhOptions& options)
    : options_(options),
      count_(static_cast<std::uint32_t>(triangles.size())),
      references_(std::make_unique_for_overwrite<Reference[]>(triangles.size())),
      nodes_(std::make_unique_for_overwrite<BinaryNode[]>(2 * triangles.size())),
      spare_threads_(static_cast<int>(options.threads) - 1) {
  if (count_ != 0) build(0, refer(triangles), 0);
}

ReferenceRange BinaryTree::refer(std::span<const TriangleView> triangles) {
  ReferenceRange all{0, count_};
  std::mutex mutex;
  parallel_for(count_, options_.threads, kThreadTriangles, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      const TriangleView& t = triangles[i];
      const Bounds bounds = triangle_bounds(load_vec3(t.corner), load_vec3(t.edge1), load_vec3(t.edge2));
      Reference& reference = references_[i];
      reference.box.low = Float4{bounds.low.x.value, bounds.low.y.value, bounds.low.z.value, 0};
      reference.box.high = Float4{bounds.high.x.value, bounds.high.y.value, bounds.high.z.value, 0};
      reference.triangle = static_cast<std::uint32_t>(i);
    }
    const ReferenceRange mine = bounded(references_.get(), static_cast<std::uint32_t>(first),
                                        static_cast<std::uint32_t>(last - first));
    const std::lock_guard lock(mutex);
    all.box.add(mine.box);
    all.centers.add(mine.centers);
  });
  return all;
}

bool BinaryTree::take_thread() {
  if (spare_threads_.fetch_sub(1) > 0) return true;
  ++spare_threads_;
  return false;
}

void BinaryTree::build(std::uint32_t index, const ReferenceRange& range, std::uint32_t depth) {
  nodes_[index] = {range.box, 0, 0, range.first, range.count};
  ReferenceRange left, right;
  if (!divide(range, depth, left, right)) return;
  const std::uint32_t children = next_node_.fetch_add(2, std::memory_order_relaxed);
  nodes_[index].left = children;
  nodes_[index].right = children + 1;
  if (range.count < kThreadTriangles || !take_thread()) {
    build(children, left, depth + 1);
    build(children + 1, right, depth + 1);
    return;
  }
  std::jthread helper([this, children, &right, depth] {
    build(children + 1, right, depth + 1);
    ++spare_threads_;
  });
  build(children, left, depth + 1);
  ++spare_threads_;  // while this thread waits, another may work
  helper.join();
  --spare_threads_;
}

bool BinaryTree::divide(const ReferenceRange& range, std::uint32_t depth, ReferenceRange& left,
                        ReferenceRange& right) {
  // A leaf of eight costs what a leaf of one does, so none is split further.
  if (range.count <= options_.leaf_triangles) return false;
  if (options_.builder == BvhBuilder::kBinnedSah && depth < kHalvingDepth) {
    const Binning binning(range.centers);
    const Split split = best_split({references_.get() + range.first, range.count}, binning);
    if (split.axis >= 0) {
      partition(references_.get(), range, binning, split, left, right);
      return true;
    }
  }
  halve(range, left, right);
  return true;
}

void BinaryTree::halve(const ReferenceRange& range, ReferenceRange& left, ReferenceRange& right) {
  const Float4 size = range.centers.high - range.centers.low;
  const int axis = size[0] >= size[1] && size[0] >= size[2] ? 0 : (size[1] >= size[2] ? 1 : 2);
  Reference* const first = references_.get() + range.first;
  const std::uint32_t half = range.count / 2;
  std::nth_element(first, first + half, first + range.count, [axis](const Reference& a, const Reference& b) {
    return a.center()[axis] < b.center()[axis];
  });
  left = bounded(references_.get(), range.first, half);
  right = bounded(references_.get(), range.first + half, range.count - half);
}

}  // namespace reeve::kernels
