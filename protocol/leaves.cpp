#include "protocol/leaves.h"

#include <algorithm>

#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/merkle.h"

namespace reeve {

std::uint64_t leaf_count(std::uint64_t size_bytes, std::uint32_t leaf_bytes) {
  if (leaf_bytes == 0 || size_bytes == 0) return 1;
  return (size_bytes - 1) / leaf_bytes + 1;
}

ByteRange leaf_range(std::uint64_t leaf, std::uint64_t size_bytes, std::uint32_t leaf_bytes) {
  REEVE_CHECK(leaf < leaf_count(size_bytes, leaf_bytes), "a byte range is asked for a leaf of the result");
  if (leaf_bytes == 0) return {0, size_bytes};
  const std::uint64_t begin = leaf * leaf_bytes;
  return {begin, begin + std::min<std::uint64_t>(leaf_bytes, size_bytes - begin)};
}

bool leaf_table_fits(std::uint64_t size_bytes, std::uint32_t leaf_bytes) {
  return leaf_count(size_bytes, leaf_bytes) <= limits::kLeavesPerTask;
}

std::vector<Digest> result_leaves(ByteView result, std::uint32_t leaf_bytes) {
  const std::uint64_t count = leaf_count(result.size(), leaf_bytes);
  std::vector<Digest> leaves;
  leaves.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const ByteRange range = leaf_range(i, result.size(), leaf_bytes);
    leaves.push_back(leaf_hash(result.subspan(range.begin, range.size())));
  }
  return leaves;
}

Digest result_root(ByteView result, std::uint32_t leaf_bytes) {
  if (leaf_count(result.size(), leaf_bytes) == 1) return leaf_hash(result);
  return merkle_root(result_leaves(result, leaf_bytes));
}

void ResultHasher::open_leaf() {
  constexpr std::uint8_t kLeaf = 0;
  leaf_.update({&kLeaf, 1});
  in_leaf_ = 0;
}

bool ResultHasher::add(ByteView bytes) {
  size_bytes_ += bytes.size();
  if (!leaf_table_fits(size_bytes_, leaf_bytes_)) return false;
  whole_.update(bytes);
  while (!bytes.empty()) {
    // A full leaf is closed by the byte after it, so that the last leaf is never an empty one.
    if (leaf_bytes_ != 0 && in_leaf_ == leaf_bytes_) {
      leaves_.push_back(leaf_.finish());
      open_leaf();
    }
    const std::uint64_t room = leaf_bytes_ == 0 ? bytes.size() : leaf_bytes_ - in_leaf_;
    const std::size_t take = std::min<std::uint64_t>(room, bytes.size());
    leaf_.update(bytes.first(take));
    in_leaf_ += take;
    bytes = bytes.subspan(take);
  }
  return true;
}

ResultHasher::Hashes ResultHasher::finish() {
  leaves_.push_back(leaf_.finish());
  Hashes hashes;
  hashes.root = merkle_root(leaves_);
  hashes.leaves = std::move(leaves_);
  hashes.whole = whole_.finish();
  hashes.size_bytes = size_bytes_;
  return hashes;
}

}  // namespace reeve
