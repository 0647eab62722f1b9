#include "protocol/merkle.h"

#include <gtest/gtest.h>

#include "protocol/digest.h"

namespace reeve {
namespace {

std::vector<Digest> leaves_of(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < count; ++i)
    leaves.push_back(leaf_hash(as_bytes(std::to_string(i))));
  return leaves;
}

// The definition of RFC 6962, section 2.1, word for word.
Digest root_by_definition(std::span<const Digest> leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves[0];
  std::size_t split = 1;
  while (split * 2 < leaves.size())
    split *= 2;
  return node_hash(root_by_definition(leaves.first(split)), root_by_definition(leaves.subspan(split)));
}

TEST(Merkle, RootFollowsTheRfcForEverySize) {
  for (std::size_t n = 0; n <= 70; ++n) {
    const auto leaves = leaves_of(n);
    EXPECT_EQ(merkle_root(leaves), root_by_definition(leaves)) << n << " leaves";
  }
}

TEST(Merkle, LeavesAndNodesAreKeptApart) {
  const Digest a = leaf_hash(as_bytes("a"));
  const Digest b = leaf_hash(as_bytes("b"));
  Bytes both(a.bytes.begin(), a.bytes.end());
  both.insert(both.end(), b.bytes.begin(), b.bytes.end());
  EXPECT_NE(leaf_hash(both), node_hash(a, b));
  EXPECT_EQ(to_hex(leaf_hash({})), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Merkle, EveryLeafProvesItsPlaceAndNoOther) {
  for (std::size_t n = 1; n <= 33; ++n) {
    const auto leaves = leaves_of(n);
    const Digest root = merkle_root(leaves);
    for (std::size_t i = 0; i < n; ++i) {
      const auto path = inclusion_path(leaves, i);
      for (std::size_t other = 0; other < n; ++other)
        EXPECT_EQ(verify_inclusion(leaves[i], other, n, path, root), other == i) << i << " as " << other;
    }
  }
}

TEST(Merkle, ATamperedProofIsRefused) {
  const auto leaves = leaves_of(11);
  const Digest root = merkle_root(leaves);
  auto path = inclusion_path(leaves, 6);
  EXPECT_FALSE(verify_inclusion(leaves[6], 6, 0, path, root));
  EXPECT_FALSE(verify_inclusion(leaves[6], 11, 11, path, root));
  path.push_back(leaves[0]);
  EXPECT_FALSE(verify_inclusion(leaves[6], 6, 11, path, root)) << "longer";
  path.resize(path.size() - 2);
  EXPECT_FALSE(verify_inclusion(leaves[6], 6, 11, path, root)) << "shorter";
  path = inclusion_path(leaves, 6);
  path[1].bytes[31] ^= 1;
  EXPECT_FALSE(verify_inclusion(leaves[6], 6, 11, path, root)) << "one bit";
}

TEST(Merkle, FirstDifferenceNamesTheLeaf) {
  const auto a = leaves_of(9);
  auto b = a;
  EXPECT_EQ(first_difference(a, b), std::nullopt);
  b[7].bytes[0] ^= 1;
  EXPECT_EQ(first_difference(a, b), 7u);
  b[3].bytes[0] ^= 1;
  EXPECT_EQ(first_difference(a, b), 3u);
  EXPECT_EQ(first_difference(a, std::span(a).first(5)), 5u) << "a prefix differs where it ends";
  EXPECT_EQ(first_difference({}, {}), std::nullopt);
}

}  // namespace
}  // namespace reeve
