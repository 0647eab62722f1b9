#include "protocol/tlog/tree.h"

#include <bit>

#include "protocol/check.h"
#include "protocol/digest.h"

namespace reeve::tlog {
namespace {

constexpr unsigned kTileHeight = 8;

/// Largest power of two below `count`, which is at least 2.
std::uint64_t split_of(std::uint64_t count) {
  return std::bit_floor(count - 1);
}

/// Root of leaves [first, first + count), as RFC 6962 splits them. `first` is a multiple of every full
/// subtree's width in it, which holds for all ranges that the proofs ask for.
Result<Digest> range_root(const SubtreeReader& read, std::uint64_t first, std::uint64_t count) {
  if (std::has_single_bit(count)) {
    const auto height = static_cast<unsigned>(std::countr_zero(count));
    return read(height, first >> height);
  }
  const std::uint64_t split = split_of(count);
  const Result<Digest> left = range_root(read, first, split);
  if (!left) return left;
  const Result<Digest> right = range_root(read, first + split, count - split);
  if (!right) return right;
  return node_hash(*left, *right);
}

Error beyond(const char* what, std::uint64_t value, std::uint64_t size) {
  return {ErrorCode::kInvalid,
          std::string(what) + " " + std::to_string(value) + " is not within a tree of " +
              std::to_string(size) + " leaves",
          "ask for less, or of a later checkpoint"};
}

}  // namespace

std::optional<Frontier> Frontier::from(std::uint64_t size, std::vector<Digest> peaks) {
  if (size > kMostLeaves || static_cast<std::size_t>(std::popcount(size)) != peaks.size())
    return std::nullopt;
  Frontier frontier;
  frontier.size_ = size;
  frontier.peaks_ = std::move(peaks);
  return frontier;
}

void Frontier::append(const Digest& leaf, const TileHash& on_tile_hash) {
  REEVE_CHECK(size_ < kMostLeaves, "a log has room for one more leaf");
  Digest hash = leaf;
  unsigned height = 0;
  on_tile_hash(0, hash);
  for (std::uint64_t full = size_; (full & 1) != 0; full >>= 1) {
    hash = node_hash(peaks_.back(), hash);
    peaks_.pop_back();
    if (++height % kTileHeight == 0) on_tile_hash(height / kTileHeight, hash);
  }
  peaks_.push_back(hash);
  ++size_;
}

Digest Frontier::root() const {
  if (peaks_.empty()) return sha256({});
  Digest hash = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i > 0; --i)
    hash = node_hash(peaks_[i - 1], hash);
  return hash;
}

Result<Digest> tree_root(const SubtreeReader& read, std::uint64_t size) {
  if (size == 0) return sha256({});
  return range_root(read, 0, size);
}

Result<Frontier> frontier_at(const SubtreeReader& read, std::uint64_t size) {
  std::vector<Digest> peaks;
  std::uint64_t first = 0;
  for (unsigned bit = 64; bit-- > 0;) {
    const std::uint64_t width = 1ULL << bit;
    if ((size & width) == 0) continue;
    Result<Digest> peak = read(bit, first >> bit);
    if (!peak) return peak.error();
    peaks.push_back(*peak);
    first += width;
  }
  return *Frontier::from(size, std::move(peaks));
}

Result<std::vector<Digest>> prove_inclusion(const SubtreeReader& read, std::uint64_t index,
                                            std::uint64_t size) {
  if (index >= size || size > kMostLeaves) return beyond("index", index, size);
  std::vector<Digest> siblings;  // from the root down
  std::uint64_t first = 0;
  for (std::uint64_t count = size; count > 1;) {
    const std::uint64_t split = split_of(count);
    const bool in_left = index < first + split;
    const Result<Digest> sibling =
        in_left ? range_root(read, first + split, count - split) : range_root(read, first, split);
    if (!sibling) return sibling.error();
    siblings.push_back(*sibling);
    if (!in_left) first += split;
    count = in_left ? split : count - split;
  }
  return std::vector<Digest>(siblings.rbegin(), siblings.rend());
}

Result<std::vector<Digest>> prove_consistency(const SubtreeReader& read, std::uint64_t old_size,
                                              std::uint64_t size) {
  if (old_size > size || size > kMostLeaves) return beyond("size", old_size, size);
  std::vector<Digest> hashes;  // from the root down
  if (old_size == 0 || old_size == size) return hashes;
  std::uint64_t first = 0;
  std::uint64_t count = size;
  bool whole = true;  // the old tree is a subtree of the new one as it stands: its root is known
  while (old_size - first != count) {
    const std::uint64_t split = split_of(count);
    const bool in_left = old_size - first <= split;
    const Result<Digest> sibling =
        in_left ? range_root(read, first + split, count - split) : range_root(read, first, split);
    if (!sibling) return sibling.error();
    hashes.push_back(*sibling);
    if (!in_left) {
      first += split;
      whole = false;
    }
    count = in_left ? split : count - split;
  }
  if (!whole) {
    const Result<Digest> rest = range_root(read, first, count);
    if (!rest) return rest.error();
    hashes.push_back(*rest);
  }
  return std::vector<Digest>(hashes.rbegin(), hashes.rend());
}

bool verify_consistency(std::uint64_t old_size, const Digest& old_root, std::uint64_t size,
                        const Digest& root, const std::vector<Digest>& proof) {
  if (old_size > size || size > kMostLeaves || proof.size() > kMostProofHashes) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  if (old_size == 0) return proof.empty() && old_root == sha256({});
  std::uint64_t last_old = old_size - 1;
  std::uint64_t last_new = size - 1;
  while ((last_old & 1) != 0) {
    last_old >>= 1;
    last_new >>= 1;
  }
  std::size_t used = 0;
  // A power of two is a subtree by itself: its root is not said again.
  if (last_old != 0 && proof.empty()) return false;
  Digest old_hash = last_old == 0 ? old_root : proof[used++];
  Digest new_hash = old_hash;
  for (; used < proof.size(); ++used) {
    if (last_new == 0) return false;
    const Digest& next = proof[used];
    if ((last_old & 1) != 0 || last_old == last_new) {
      old_hash = node_hash(next, old_hash);
      new_hash = node_hash(next, new_hash);
      while ((last_old & 1) == 0 && last_old != 0) {
        last_old >>= 1;
        last_new >>= 1;
      }
    } else {
      new_hash = node_hash(new_hash, next);
    }
    last_old >>= 1;
    last_new >>= 1;
  }
  return last_new == 0 && old_hash == old_root && new_hash == root;
}

}  // namespace reeve::tlog
