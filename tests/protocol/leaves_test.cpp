#include "protocol/leaves.h"

#include <gtest/gtest.h>

#include "protocol/limits.h"
#include "protocol/merkle.h"

namespace reeve {
namespace {

Bytes numbered(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 256);
  return bytes;
}

TEST(Leaves, RangesCoverTheResultWithoutGapOrOverlap) {
  for (const std::uint64_t size : {1u, 15u, 16u, 17u, 160u, 161u}) {
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < leaf_count(size, 16); ++i) {
      const ByteRange range = leaf_range(i, size, 16);
      EXPECT_EQ(range.begin, at);
      EXPECT_GT(range.size(), 0u);
      EXPECT_LE(range.size(), 16u);
      at = range.end;
    }
    EXPECT_EQ(at, size);
  }
}

TEST(Leaves, ZeroLeafBytesOrAnEmptyResultIsOneLeaf) {
  EXPECT_EQ(leaf_count(1 << 20, 0), 1u);
  EXPECT_EQ(leaf_count(0, 64), 1u);
  EXPECT_EQ(leaf_range(0, 1 << 20, 0), (ByteRange{0, 1 << 20}));
  EXPECT_EQ(result_root({}, 64), leaf_hash({}));
}

TEST(Leaves, StreamingGivesTheSameRootForAnyPieces) {
  for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 128u, 1000u}) {
    const Bytes result = numbered(size);
    for (const std::uint32_t leaf_bytes : {0u, 1u, 64u, 100u, 4096u}) {
      for (const std::size_t piece : {1u, 7u, 64u, 1000u}) {
        ResultHasher hasher(leaf_bytes);
        for (std::size_t at = 0; at < size; at += piece)
          ASSERT_TRUE(hasher.add(ByteView(result).subspan(at, std::min(piece, size - at))));
        const auto hashes = hasher.finish();
        EXPECT_EQ(hashes.root, result_root(result, leaf_bytes)) << size << " " << leaf_bytes << " " << piece;
        EXPECT_EQ(hashes.leaves, result_leaves(result, leaf_bytes));
        EXPECT_EQ(hashes.whole, sha256(result));
        EXPECT_EQ(hashes.size_bytes, size);
      }
    }
  }
}

TEST(Leaves, OneLeafCanBeProvenAlone) {
  const Bytes result = numbered(1000);
  const auto leaves = result_leaves(result, 64);
  const ByteRange range = leaf_range(9, result.size(), 64);
  const Digest leaf = leaf_hash(ByteView(result).subspan(range.begin, range.size()));
  EXPECT_TRUE(verify_inclusion(leaf, 9, leaves.size(), inclusion_path(leaves, 9), result_root(result, 64)));
}

TEST(Leaves, ATableBeyondTheLimitIsRefused) {
  EXPECT_TRUE(leaf_table_fits(limits::kLeavesPerTask, 1));
  EXPECT_FALSE(leaf_table_fits(limits::kLeavesPerTask + 1ULL, 1));
  ResultHasher hasher(1);
  EXPECT_TRUE(hasher.add(numbered(limits::kLeavesPerTask)));
  EXPECT_FALSE(hasher.add(numbered(1)));
}

}  // namespace
}  // namespace reeve
