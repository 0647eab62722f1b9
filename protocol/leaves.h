#pragma once

#include <cstdint>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/digest.h"

/// A result's leaves are a table of byte ranges: leaf i holds bytes [i·leaf_bytes, (i+1)·leaf_bytes), the
/// last one what is left. `leaf_bytes` 0 makes the whole result one leaf; so is an empty result. Roots follow
/// from bytes alone: whoever checks one needs no kernel.
namespace reeve {

/// Bytes [begin, end) of a result.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  constexpr std::uint64_t size() const { return end - begin; }
  constexpr bool operator==(const ByteRange&) const = default;
};

/// At least one.
std::uint64_t leaf_count(std::uint64_t size_bytes, std::uint32_t leaf_bytes);
/// `leaf` must be below leaf_count().
ByteRange leaf_range(std::uint64_t leaf, std::uint64_t size_bytes, std::uint32_t leaf_bytes);
/// True if a result of this size has no more than limits::kLeavesPerTask leaves. A step is refused otherwise.
bool leaf_table_fits(std::uint64_t size_bytes, std::uint32_t leaf_bytes);

std::vector<Digest> result_leaves(ByteView result, std::uint32_t leaf_bytes);
Digest result_root(ByteView result, std::uint32_t leaf_bytes);

/// Leaf hashes, root and SHA-256 of a result that arrives in pieces of any size.
class ResultHasher {
 public:
  struct Hashes {
    std::vector<Digest> leaves;
    Digest root;
    Digest whole;  // SHA-256: the result's name as a blob
    std::uint64_t size_bytes = 0;
  };

  explicit ResultHasher(std::uint32_t leaf_bytes) : leaf_bytes_(leaf_bytes) { open_leaf(); }

  /// False once the result has more than limits::kLeavesPerTask leaves; it is to be refused.
  [[nodiscard]] bool add(ByteView bytes);
  std::uint64_t size_bytes() const { return size_bytes_; }
  /// Once, at the end.
  Hashes finish();

 private:
  void open_leaf();

  std::uint32_t leaf_bytes_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t in_leaf_ = 0;  // bytes of the open leaf
  Sha256 whole_;
  Sha256 leaf_;
  std::vector<Digest> leaves_;
};

}  // namespace reeve
