#include "protocol/tlog/tree.h"

#include <gtest/gtest.h>

#include "tests/protocol/tlog/sample_log.h"

namespace reeve::tlog {
namespace {

constexpr std::uint64_t kSizes[] = {0, 1, 2, 3, 255, 256, 257, 65535, 65536, 65537};

std::span<const Digest> first(const std::vector<Digest>& leaves, std::uint64_t count) {
  return std::span(leaves).first(count);
}

TEST(TlogTree, FrontierAndTilesGiveTheRootOfTheDefinition) {
  for (const std::uint64_t size : kSizes) {
    const SampleLog log(size);
    const Digest root = merkle_root(log.leaves());
    EXPECT_EQ(log.frontier().root(), root) << size;
    EXPECT_EQ(*tree_root(log.reader(), size), root) << size;
    EXPECT_EQ(*frontier_at(log.reader(), size), log.frontier()) << size;
  }
}

TEST(TlogTree, EveryInclusionProofVerifiesAndNoOther) {
  for (const std::uint64_t size : kSizes) {
    if (size == 0) continue;
    const SampleLog log(size);
    const Digest root = log.frontier().root();
    for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) {
      auto proof = *prove_inclusion(log.reader(), index, size);
      EXPECT_EQ(proof, inclusion_path(log.leaves(), index)) << index << " of " << size;
      const Digest& leaf = log.leaves()[index];
      EXPECT_TRUE(verify_inclusion(leaf, index, size, proof, root)) << index << " of " << size;
      if (proof.empty()) continue;
      EXPECT_FALSE(verify_inclusion(leaf, index ^ 1, size, proof, root));
      proof.back().bytes[7] ^= 1;
      EXPECT_FALSE(verify_inclusion(leaf, index, size, proof, root));
    }
  }
  EXPECT_FALSE(prove_inclusion(SampleLog(3).reader(), 3, 3).ok());
}

TEST(TlogTree, EverySmallTreeIsConsistentWithEachOfItsBeginnings) {
  const SampleLog log(70);
  for (std::uint64_t size = 0; size <= 70; ++size) {
    const Digest root = merkle_root(first(log.leaves(), size));
    for (std::uint64_t old = 0; old <= size; ++old) {
      const Digest old_root = merkle_root(first(log.leaves(), old));
      const SampleLog part(size);
      const auto proof = *prove_consistency(part.reader(), old, size);
      EXPECT_TRUE(verify_consistency(old, old_root, size, root, proof)) << old << " in " << size;
      if (old == 0 || old == size) continue;
      EXPECT_FALSE(verify_consistency(old, root, size, root, proof)) << old << " in " << size;
      EXPECT_FALSE(verify_consistency(old - 1, old_root, size, root, proof)) << old << " in " << size;
      EXPECT_FALSE(verify_consistency(old, old_root, size, old_root, proof)) << old << " in " << size;
    }
  }
}

TEST(TlogTree, ConsistencyHoldsAtTheEdgesOfTiles) {
  const SampleLog log(65537);
  for (const std::uint64_t size : kSizes) {
    const SampleLog part(size);
    for (const std::uint64_t old : kSizes) {
      if (old > size) continue;
      const auto proof = *prove_consistency(part.reader(), old, size);
      EXPECT_TRUE(verify_consistency(old, merkle_root(first(log.leaves(), old)), size,
                                     merkle_root(first(log.leaves(), size)), proof))
          << old << " in " << size;
    }
  }
}

TEST(TlogTree, AChangedConsistencyProofFails) {
  const SampleLog log(257);
  const Digest root = log.frontier().root();
  const Digest old_root = merkle_root(first(log.leaves(), 100));
  const auto proof = *prove_consistency(log.reader(), 100, 257);
  ASSERT_GT(proof.size(), 3U);
  for (std::size_t i = 0; i < proof.size(); ++i) {
    auto changed = proof;
    changed[i].bytes[0] ^= 0x80;
    EXPECT_FALSE(verify_consistency(100, old_root, 257, root, changed)) << i;
  }
  auto longer = proof;
  longer.push_back(root);
  EXPECT_FALSE(verify_consistency(100, old_root, 257, root, longer));
  EXPECT_FALSE(verify_consistency(100, old_root, 257, root, {proof.begin(), proof.end() - 1}));
  EXPECT_FALSE(verify_consistency(258, old_root, 257, root, proof));
}

TEST(TlogTree, AFrontierKnowsHowManyPeaksItHas) {
  EXPECT_TRUE(Frontier::from(5, std::vector<Digest>(2)).has_value());
  EXPECT_FALSE(Frontier::from(5, std::vector<Digest>(3)).has_value());
  EXPECT_FALSE(Frontier::from(kMostLeaves + 1, std::vector<Digest>(2)).has_value());
}

}  // namespace
}  // namespace reeve::tlog
