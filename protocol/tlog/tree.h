#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/merkle.h"
#include "protocol/result.h"

/// An append-only Merkle tree (RFC 6962) that grows leaf by leaf, and the proofs that it only grows. Hashes
/// of leaves and nodes, and the check of inclusion, are those of merkle.h.
namespace reeve::tlog {

/// Leaves that a tree may have: sums of two indices stay within 64 bits.
inline constexpr std::uint64_t kMostLeaves = 1ULL << 62;
/// Hashes of one proof: one a level, and RFC 6962's one more for consistency.
inline constexpr std::size_t kMostProofHashes = 64;

/// What the next leaf needs of all before it: the roots of the full subtrees, the largest (leftmost) first.
/// One for each bit of the size.
class Frontier {
 public:
  Frontier() = default;
  /// Nothing if the count of hashes is not that of a tree of `size` leaves.
  static std::optional<Frontier> from(std::uint64_t size, std::vector<Digest> peaks);

  /// Full subtrees of height 0, 8, 16 … that a leaf completes are told to `on_tile_hash`: they are the hashes
  /// that tiles hold, in the order in which a tile holds them.
  using TileHash = std::function<void(unsigned tile_level, const Digest& hash)>;
  void append(const Digest& leaf, const TileHash& on_tile_hash);

  std::uint64_t size() const { return size_; }
  const std::vector<Digest>& peaks() const { return peaks_; }
  /// Of all leaves so far; SHA-256 of nothing for none.
  Digest root() const;
  bool operator==(const Frontier&) const = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> peaks_;
};

/// Where hashes of full subtrees come from: root of leaves [index · 2^height, (index + 1) · 2^height).
using SubtreeReader = std::function<Result<Digest>(unsigned height, std::uint64_t index)>;

/// Root of the first `size` leaves.
Result<Digest> tree_root(const SubtreeReader& read, std::uint64_t size);
/// The frontier of the first `size` leaves.
Result<Frontier> frontier_at(const SubtreeReader& read, std::uint64_t size);
/// Siblings from leaf `index` to the root of `size` leaves, nearest first. kInvalid: index ≥ size.
Result<std::vector<Digest>> prove_inclusion(const SubtreeReader& read, std::uint64_t index,
                                            std::uint64_t size);
/// Shows that the tree of `old_size` leaves is the beginning of that of `size`. kInvalid: old_size > size.
Result<std::vector<Digest>> prove_consistency(const SubtreeReader& read, std::uint64_t old_size,
                                              std::uint64_t size);

/// True if the tree of `size` leaves under `root` begins with the one of `old_size` under `old_root`. False
/// for every other input, however odd. Source: RFC 9162, section 2.1.4.2.
bool verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                        const Digest& root, const std::vector<Digest>& proof);

}  // namespace reeve::tlog
