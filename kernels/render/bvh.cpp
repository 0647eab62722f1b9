#include "kernels/render/bvh.h"

#include <algorithm>
#include <array>

#include "kernels/render/bvh_split.h"
#include "kernels/render/intersect.h"
#include "kernels/render/parallel.h"
#include "kernels/render/scene_format.h"

namespace reeve::kernels {
namespace {

/// Leaves that are worth a thread.
constexpr std::size_t kThreadLeaves = 1024;

/// By number of lanes less one.
using LaneCosts = std::array<float, kWidth>;
using LaneShares = std::array<std::uint8_t, kWidth>;

/// Turns the binary tree into nodes of eight and leaves of eight, such that a random ray visits fewest.
/// Source: H. Ylitie, T. Karras, S. Laine, "Efficient Incoherent Ray Traversal on GPUs Through Compressed
/// Wide BVHs", HPG 2017 (its collapse alone).
class Widener {
 public:
  Widener(const BinaryTree& tree, std::span<const TriangleView> triangles,
          std::span<const MaterialView> materials)
      : tree_(tree), triangles_(triangles), materials_(materials) {}

  Bvh run(unsigned threads) {
    // A scene without triangles has a root without children; a scene of one leaf has a root above it.
    if (tree_.empty()) {
      bvh_.nodes.push_back(empty_node());
      return std::move(bvh_);
    }
    left_lanes_.resize(tree_.node_count());
    weigh(0);
    widen(0);
    bvh_.leaves.resize(leaf_nodes_.size());
    parallel_for(leaf_nodes_.size(), threads, kThreadLeaves, [this](std::size_t first, std::size_t last) {
      for (std::size_t leaf = first; leaf < last; ++leaf)
        bvh_.leaves[leaf] = make_leaf(tree_.node(leaf_nodes_[leaf]));
    });
    return std::move(bvh_);
  }

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
    const BinaryNode& node = tree_.node(index);
    LaneCosts costs;
    costs.fill(node.box.half_area());  // a leaf costs a visit, however many lanes it may take
    if (node.is_leaf()) {
      left_lanes_[index] = {};
      return costs;
    }
    const LaneCosts left = weigh(node.left);
    const LaneCosts right = weigh(node.right);
    LaneShares& shares = left_lanes_[index];
    shares[0] = 0;
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

  /// Descendants that take the lanes of a node.
  struct Children {
    std::array<std::uint32_t, kWidth> node;
    std::uint32_t count = 0;
  };

  /// Adds the descendants that take up to so many lanes.
  void open(std::uint32_t index, std::uint32_t lanes, Children& children) const {
    const std::uint32_t share = left_lanes_[index][lanes - 1];
    if (share == 0) {
      children.node[children.count++] = index;
      return;
    }
    open(tree_.node(index).left, share, children);
    open(tree_.node(index).right, lanes - share, children);
  }

  /// The smallest come last: a shadow ray takes those first, as they cost it least.
  Children children_of(std::uint32_t index) const {
    Children children;
    open(index, kWidth, children);
    std::sort(children.node.begin(), children.node.begin() + children.count,
              [this](std::uint32_t a, std::uint32_t b) {
                return tree_.node(a).box.half_area() > tree_.node(b).box.half_area();
              });
    return children;
  }

  std::int32_t widen(std::uint32_t index) {
    const std::size_t at = bvh_.nodes.size();
    bvh_.nodes.push_back(empty_node());
    const Children children = children_of(index);
    for (std::uint32_t lane = 0; lane < children.count; ++lane) {
      const std::uint32_t child_index = children.node[lane];
      const BinaryNode& child = tree_.node(child_index);
      std::int32_t reference = ~static_cast<std::int32_t>(leaf_nodes_.size());
      if (child.is_leaf()) {
        leaf_nodes_.push_back(child_index);
      } else {
        reference = widen(child_index);
      }
      TreeNode& node = bvh_.nodes[at];
      node.child[lane] = reference;
      for (std::uint32_t axis = 0; axis < 3; ++axis) {
        node.planes[axis * kWidth + lane] = child.box.low[axis];
        node.planes[kHighPlanes + axis * kWidth + lane] = child.box.high[axis];
      }
    }
    return static_cast<std::int32_t>(at);
  }

  TreeLeaf make_leaf(const BinaryNode& from) const {
    TreeLeaf leaf{};
    leaf.count = from.count;
    for (std::uint32_t lane = 0; lane < from.count; ++lane) {
      const std::uint32_t id = tree_.triangle(from.first + lane);
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
    return leaf;
  }

  const BinaryTree& tree_;
  std::span<const TriangleView> triangles_;
  std::span<const MaterialView> materials_;
  PageVector<LaneShares> left_lanes_;  ///< for each binary node and number of lanes; 0: it is a lane itself
  std::vector<std::uint32_t> leaf_nodes_;  ///< by leaf: its binary node
  Bvh bvh_;
};

}  // namespace

Bvh build_bvh(std::span<const TriangleView> triangles, std::span<const MaterialView> materials,
              const BvhOptions& options) {
  const BinaryTree tree(triangles, options);
  return Widener(tree, triangles, materials).run(options.threads);
}

}  // namespace reeve::kernels
