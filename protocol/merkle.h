#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "protocol/bytes.h"

/// Merkle trees of RFC 6962: a leaf is H(0x00 ‖ bytes), a node H(0x01 ‖ left ‖ right), the empty tree H("").
/// A tree of n leaves splits at the largest power of two below n.
namespace reeve {

Digest leaf_hash(ByteView bytes);
Digest node_hash(const Digest& left, const Digest& right);

Digest merkle_root(std::span<const Digest> leaf_hashes);

/// Siblings from leaf `index` to the root, nearest first. `index` must be below the count.
std::vector<Digest> inclusion_path(std::span<const Digest> leaf_hashes, std::uint64_t index);

/// True if `leaf` is number `index` of the `size` leaves under `root`. False for every other input, however
/// odd.
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Digest> path, const Digest& root);

/// First position where two lists of leaf hashes differ; the shorter one's end if it is a prefix of the
/// other; nothing if they are equal.
std::optional<std::uint64_t> first_difference(std::span<const Digest> a, std::span<const Digest> b);

}  // namespace reeve
