#include "protocol/merkle.h"

#include <algorithm>
#include <cstring>

#include "protocol/check.h"
#include "protocol/digest.h"

namespace reeve {
namespace {

// One level up, in place: neighbours are joined, and a last one without a neighbour rises as it is.
// That gives RFC 6962's split: the left half of every node is a full tree.
void climb(std::vector<Digest>& level) {
  const std::size_t pairs = level.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i)
    level[i] = node_hash(level[2 * i], level[2 * i + 1]);
  if (level.size() % 2 == 1) level[pairs] = level.back();
  level.resize(pairs + level.size() % 2);
}

}  // namespace

Digest leaf_hash(ByteView bytes) {
  constexpr std::uint8_t kLeaf = 0;
  return Sha256().update({&kLeaf, 1}).update(bytes).finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 65> bytes;
  bytes[0] = 1;
  std::memcpy(bytes.data() + 1, left.bytes.data(), 32);
  std::memcpy(bytes.data() + 33, right.bytes.data(), 32);
  return sha256(bytes);
}

Digest merkle_root(std::span<const Digest> leaf_hashes) {
  if (leaf_hashes.empty()) return sha256({});
  std::vector<Digest> level(leaf_hashes.begin(), leaf_hashes.end());
  while (level.size() > 1)
    climb(level);
  return level.front();
}

std::vector<Digest> inclusion_path(std::span<const Digest> leaf_hashes, std::uint64_t index) {
  REEVE_CHECK(index < leaf_hashes.size(), "an inclusion path is asked for a leaf of the tree");
  std::vector<Digest> path;
  std::vector<Digest> level(leaf_hashes.begin(), leaf_hashes.end());
  for (; level.size() > 1; index /= 2) {
    const std::uint64_t sibling = index ^ 1;
    if (sibling < level.size()) path.push_back(level[sibling]);
    climb(level);
  }
  return path;
}

bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> path, const Digest& root) {
  if (index >= size) return false;
  Digest hash = leaf;
  std::uint64_t last = size - 1;  // of the level that `hash` is on
  std::size_t used = 0;
  for (; last > 0; index /= 2, last /= 2) {
    const bool alone = index == last && index % 2 == 0;
    if (alone) continue;
    if (used == path.size()) return false;
    const Digest& sibling = path[used++];
    hash = index % 2 == 1 ? node_hash(sibling, hash) : node_hash(hash, sibling);
  }
  return used == path.size() && hash == root;
}

std::optional<std::uint64_t> first_difference(std::span<const Digest> a, std::span<const Digest> b) {
  const auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (left == a.end() && right == b.end()) return std::nullopt;
  return static_cast<std::uint64_t>(left - a.begin());
}

}  // namespace reeve
