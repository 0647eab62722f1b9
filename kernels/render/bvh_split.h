#pragma once

#include <atomic>
#include <memory>
#include <span>

#include "kernels/render/bvh.h"

namespace reeve::kernels {

/// Three components and one that pads the register; arithmetic here steers the build, never a hit.
using Float4 = float __attribute__((vector_size(16)));

#if defined(__SSE__)
inline Float4 lesser(Float4 a, Float4 b) {
  return __builtin_ia32_minps(a, b);
}
inline Float4 greater(Float4 a, Float4 b) {
  return __builtin_ia32_maxps(a, b);
}
#else
inline Float4 lesser(Float4 a, Float4 b) {
  return a < b ? a : b;
}
inline Float4 greater(Float4 a, Float4 b) {
  return a > b ? a : b;
}
#endif

struct Box {
  Float4 low, high;

  static Box none() { return {Float4{1e30f, 1e30f, 1e30f, 0}, Float4{-1e30f, -1e30f, -1e30f, 0}}; }
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

/// A triangle's padded box and id.
struct Reference {
  Box box;
  std::uint32_t triangle;

  Float4 center() const { return box.low + box.high; }  // twice: only compared
};

/// A node of the tree of two, whose leaves have a range of the references.
struct BinaryNode {
  Box box;
  std::uint32_t left, right;  ///< 0: a leaf
  std::uint32_t first, count;

  bool is_leaf() const { return left == 0; }
};

/// A run of references that becomes a subtree.
struct ReferenceRange {
  std::uint32_t first = 0, count = 0;
  Box box = Box::none(), centers = Box::none();
};

/// Splits triangles into a binary tree by the surface area heuristic over 16 bins an axis, or halves them.
/// Subtrees are built side by side; the tree is the same for any number of threads.
class BinaryTree {
 public:
  BinaryTree(std::span<const TriangleView> triangles, const BvhOptions& options);

  bool empty() const { return count_ == 0; }
  const BinaryNode& node(std::uint32_t index) const { return nodes_[index]; }  ///< 0 is the root
  std::uint32_t node_count() const { return next_node_.load(std::memory_order_relaxed); }
  std::uint32_t triangle(std::uint32_t reference) const { return references_[reference].triangle; }

 private:
  ReferenceRange refer(std::span<const TriangleView> triangles);
  void build(std::uint32_t index, const ReferenceRange& range, std::uint32_t depth);
  bool divide(const ReferenceRange& range, std::uint32_t depth, ReferenceRange& left, ReferenceRange& right);
  void halve(const ReferenceRange& range, ReferenceRange& left, ReferenceRange& right);
  bool take_thread();

  const BvhOptions options_;
  const std::uint32_t count_;
  std::unique_ptr<Reference[]> references_;
  std::unique_ptr<BinaryNode[]> nodes_;  ///< room for two a triangle; pages never touched cost nothing
  std::atomic<std::uint32_t> next_node_{1};
  std::atomic<int> spare_threads_;
};

}  // namespace reeve::kernels
