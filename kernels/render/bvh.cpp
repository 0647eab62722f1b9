#include "kernels/render/bvh.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "kernels/render/intersect.h"
#include "kernels/render/scene_format.h"

namespace reeve::kernels {
namespace {

/// Three components and one that pads the register; arithmetic here steers the build, never a hit.
using Float4 = float __attribute__((vector_size(16)));
using Int4 = std::int32_t __attribute__((vector_size(16)));

Float4 lesser(Float4 a, Float4 b) {
  return a < b ? a : b;
}
Float4 greater(Float4 a, Float4 b) {
  return a > b ? a : b;
}

struct Box {
  Float4 low{1e30f, 1e30f, 1e30f, 0};
  Float4 high{-1e30f, -1e30f, -1e30f, 0};

  void add(const Box& other) {
    low = lesser(low, other.low);
    high = greater(high, other.high);
  }
  void add(Float4 point) {
    low = lesser(low, point);
    high = greater(high, point);
  }
  float half_area() const {
    const Float4 size = high - low;
    return size[0] * size[1] + size[1] * size[2] + size[2] * size[0];
  }
};

struct Reference {
  Box box;
  std::uint32_t triangle;

  Float4 center() const { return box.low + box.high; }  // twice: only compared
};

struct BinaryNode {
  Box box;
  std::uint32_t left = 0, right = 0;  ///< 0: a leaf
  std::uint32_t first = 0, count = 0;

  bool is_leaf() const { return left == 0; }
};

struct Range {
  std::uint32_t first, count;
  Box box, centers;
};

constexpr int kBins = 16;
constexpr std::uint32_t kHalvingDepth = kMaxTreeDepth - 24;  // 2^24 triangles need 24 halvings
static_assert(kMaxWorldTriangles <= 1u << 24);

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

class Builder {
 public:
  Builder(std::span<const TriangleView> triangles, const BvhOptions& options) : options_(options) {
    references_.resize(triangles.size());
    Range all{0, static_cast<std::uint32_t>(triangles.size()), {}, {}};
    for (std::uint32_t i = 0; i < all.count; ++i) {
      const TriangleView& t = triangles[i];
      const Bounds bounds = triangle_bounds(load_vec3(t.corner), load_vec3(t.edge1), load_vec3(t.edge2));
      Reference& reference = references_[i];
      reference.box.low = Float4{bounds.low.x.value, bounds.low.y.value, bounds.low.z.value, 0};
      reference.box.high = Float4{bounds.high.x.value, bounds.high.y.value, bounds.high.z.value, 0};
      reference.triangle = i;
      all.box.add(reference.box);
      all.centers.add(reference.center());
    }
    nodes_.reserve(triangles.size() / 2 + 1);
    if (all.count != 0) build(all, 0);
  }

  const std::vector<BinaryNode>& nodes() const { return nodes_; }
  const std::vector<Reference>& references() const { return references_; }

 private:
  std::uint32_t build(const Range& range, std::uint32_t depth) {
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({range.box, 0, 0, range.first, range.count});
    Range left, right;
    if (!divide(range, depth, left, right)) return index;
    const std::uint32_t left_index = build(left, depth + 1);
    const std::uint32_t right_index = build(right, depth + 1);
    nodes_[index].left = left_index;
    nodes_[index].right = right_index;
    return index;
  }

  bool divide(const Range& range, std::uint32_t depth, Range& left, Range& right) {
    // A leaf of eight costs what a leaf of one does, so none is split further.
    if (range.count <= options_.leaf_triangles) return false;
    if (options_.builder == BvhBuilder::kBinnedSah && depth < kHalvingDepth) {
      const Binning binning(range.centers);
      const Split split = best_split(range, binning);
      if (split.axis >= 0) {
        partition(range, binning, split, left, right);
        return true;
      }
    }
    halve(range, left, right);
    return true;
  }

  Split best_split(const Range& range, const Binning& binning) const {
    std::array<std::array<Box, kBins>, 3> boxes;
    std::array<std::array<std::uint32_t, kBins>, 3> counts{};
    for (std::uint32_t i = range.first; i < range.first + range.count; ++i) {
      const Reference& reference = references_[i];
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

  static void sweep(int axis, const std::array<Box, kBins>& boxes,
                    const std::array<std::uint32_t, kBins>& counts, Split& best) {
    std::array<float, kBins> right_cost{};
    Box box;
    std::uint32_t count = 0;
    for (int bin = kBins - 1; bin > 0; --bin) {
      box.add(boxes[bin]);
      count += counts[bin];
      right_cost[bin] = count != 0 ? box.half_area() * static_cast<float>(blocks(count)) : INFINITY;
    }
    box = {};
    count = 0;
    for (int bin = 0; bin + 1 < kBins; ++bin) {
      box.add(boxes[bin]);
      count += counts[bin];
      if (count == 0) continue;
      const float cost = box.half_area() * static_cast<float>(blocks(count)) + right_cost[bin + 1];
      if (cost < best.cost) best = {cost, axis, bin};
    }
  }

  void partition(const Range& range, const Binning& binning, const Split& split, Range& left, Range& right) {
    left = right = Range{range.first, 0, {}, {}};
    std::uint32_t from = range.first;
    std::uint32_t to = range.first + range.count;
    while (from < to) {
      Reference& reference = references_[from];
      const Float4 center = reference.center();
      const bool goes_left = binning.bins_of(center)[split.axis] <= split.last_left_bin;
      Range& side = goes_left ? left : right;
      side.box.add(reference.box);
      side.centers.add(center);
      if (goes_left) {
        ++from;
      } else {
        std::swap(reference, references_[--to]);
      }
    }
    left.count = from - range.first;
    right.first = from;
    right.count = range.count - left.count;
  }

  void halve(const Range& range, Range& left, Range& right) {
    const Float4 size = range.centers.high - range.centers.low;
    const int axis = size[0] >= size[1] && size[0] >= size[2] ? 0 : (size[1] >= size[2] ? 1 : 2);
    const auto first = references_.begin() + range.first;
    const std::uint32_t half = range.count / 2;
    std::nth_element(
        first, first + half, first + range.count,
        [axis](const Reference& a, const Reference& b) { return a.center()[axis] < b.center()[axis]; });
    left = bounded(range.first, half);
    right = bounded(range.first + half, range.count - half);
  }

  Range bounded(std::uint32_t first, std::uint32_t count) const {
    Range range{first, count, {}, {}};
    for (std::uint32_t i = first; i < first + count; ++i) {
      range.box.add(references_[i].box);
      range.centers.add(references_[i].center());
    }
    return range;
  }

  BvhOptions options_;
  std::vector<Reference> references_;
  std::vector<BinaryNode> nodes_;
};

/// By number of lanes less one.
using LaneCosts = std::array<float, kWidth>;
using LaneShares = std::array<std::uint8_t, kWidth>;

/// Turns the binary tree into nodes of eight and leaves of eight, such that a random ray visits fewest.
/// Source: H. Ylitie, T. Karras, S. Laine, "Efficient Incoherent Ray Traversal on GPUs Through Compressed
/// Wide BVHs", HPG 2017 (its collapse alone).
class Widener {
 public:
  Widener(const Builder& builder, std::span<const TriangleView> triangles,
          std::span<const MaterialView> materials)
      : builder_(builder), triangles_(triangles), materials_(materials) {
    // A scene without triangles has a root without children; a scene of one leaf has a root above it.
    if (builder.nodes().empty()) {
      bvh_.nodes.push_back(empty_node());
    } else {
      left_lanes_.resize(builder.nodes().size(), LaneShares{});
      weigh(0);
      widen(0);
    }
  }
  Bvh take() { return std::move(bvh_); }

 private:
  static TreeNode empty_node() {
    TreeNode node{};
    for (std::uint32_t axis = 0; axis < 3; ++axis) {
      for (std::uint32_t lane = 0; lane < kWidth; ++lane) {
        node.planes[axis * kWidth + lane] = kFar;
        node.planes[kHighPlanes + axis * kWidth + lane] = -kFar;
      }
    }
    return node;
  }

  /// What a ray pays for the subtree as 1..8 lanes of a node above it; notes how best to share the lanes.
  LaneCosts weigh(std::uint32_t index) {
    const BinaryNode& node = builder_.nodes()[index];
    LaneCosts costs;
    costs.fill(node.box.half_area());  // a leaf costs a visit, however many lanes it may take
    if (node.is_leaf()) return costs;
    const LaneCosts left = weigh(node.left);
    const LaneCosts right = weigh(node.right);
    LaneShares& shares = left_lanes_[index];
    for (std::uint32_t lanes = 2; lanes <= kWidth; ++lanes) {
      shares[lanes - 1] = best_share(left, right, lanes, costs[lanes - 1]);
    }
    costs[0] = node.box.half_area() + costs[kWidth - 1];
    for (std::uint32_t lanes = 2; lanes < kWidth; ++lanes) {
      if (costs[0] > costs[lanes - 1]) continue;
      costs[lanes - 1] = costs[0];
      shares[lanes - 1] = 0;
    }
    return costs;
  }

  /// How many of the lanes the left one gets, 1 at least.
  static std::uint8_t best_share(const LaneCosts& left, const LaneCosts& right, std::uint32_t lanes,
                                 float& cost) {
    std::uint32_t best = 1;
    cost = left[0] + right[lanes - 2];
    for (std::uint32_t share = 2; share < lanes; ++share) {
      const float split = left[share - 1] + right[lanes - share - 1];
      if (!(split < cost)) continue;
      cost = split;
      best = share;
    }
    return static_cast<std::uint8_t>(best);
  }

  /// Adds the descendants that take up to so many lanes.
  void open(std::uint32_t index, std::uint32_t lanes, std::vector<std::uint32_t>& children) const {
    const std::uint32_t share = left_lanes_[index][lanes - 1];
    if (share == 0) {
      children.push_back(index);
      return;
    }
    open(builder_.nodes()[index].left, share, children);
    open(builder_.nodes()[index].right, lanes - share, children);
  }

  /// The descendants that take the lanes of a node. The smallest come last: a shadow ray takes those first,
  /// as they cost it least.
  std::vector<std::uint32_t> children_of(std::uint32_t index) const {
    std::vector<std::uint32_t> children;
    open(index, kWidth, children);
    std::sort(children.begin(), children.end(), [this](std::uint32_t a, std::uint32_t b) {
      return builder_.nodes()[a].box.half_area() > builder_.nodes()[b].box.half_area();
    });
    return children;
  }

  std::int32_t widen(std::uint32_t index) {
    const auto at = static_cast<std::int32_t>(bvh_.nodes.size());
    bvh_.nodes.push_back(empty_node());
    const std::vector<std::uint32_t> children = children_of(index);
    for (std::size_t lane = 0; lane < children.size(); ++lane) {
      const BinaryNode& child = builder_.nodes()[children[lane]];
      const std::int32_t reference = child.is_leaf() ? ~add_leaf(child) : widen(children[lane]);
      TreeNode& node = bvh_.nodes[static_cast<std::size_t>(at)];
      node.child[lane] = reference;
      for (std::uint32_t axis = 0; axis < 3; ++axis) {
        node.planes[axis * kWidth + lane] = child.box.low[axis];
        node.planes[kHighPlanes + axis * kWidth + lane] = child.box.high[axis];
      }
    }
    return at;
  }

  std::int32_t add_leaf(const BinaryNode& from) {
    TreeLeaf leaf{};
    leaf.count = from.count;
    for (std::uint32_t lane = 0; lane < from.count; ++lane) {
      const std::uint32_t id = builder_.references()[from.first + lane].triangle;
      const TriangleView& triangle = triangles_[id];
      for (int axis = 0; axis < 3; ++axis) {
        leaf.corner[axis][lane] = triangle.corner[axis];
        leaf.edge1[axis][lane] = triangle.edge1[axis];
        leaf.edge2[axis][lane] = triangle.edge2[axis];
      }
      leaf.triangle[lane] = id;
      const bool glass =
          materials_[triangle.material].kind == static_cast<std::uint32_t>(MaterialKind::kGlass);
      leaf.blocks_light |= glass ? 0 : 1u << lane;
    }
    bvh_.leaves.push_back(leaf);
    return static_cast<std::int32_t>(bvh_.leaves.size() - 1);
  }

  const Builder& builder_;
  std::vector<LaneShares> left_lanes_;  ///< for each binary node and number of lanes; 0: it is a lane itself
  std::span<const TriangleView> triangles_;
  std::span<const MaterialView> materials_;
  Bvh bvh_;
};

}  // namespace

Bvh build_bvh(std::span<const TriangleView> triangles, std::span<const MaterialView> materials,
              const BvhOptions& options) {
  const Builder builder(triangles, options);
  return Widener(builder, triangles, materials).take();
}

}  // namespace reeve::kernels
