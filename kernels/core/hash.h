#pragma once

#include <cstddef>
#include <cstdint>

namespace reeve::kernels {

/// FNV-1a over bytes, to compare whole outputs of trusted builds; no defence against an adversary.
/// Source: draft-eastlake-fnv.
inline std::uint64_t hash_bytes(const std::uint8_t* bytes, std::size_t size_bytes,
                                std::uint64_t hash = 0xcbf29ce484222325u) {
  for (std::size_t i = 0; i < size_bytes; ++i)
    hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

}  // namespace reeve::kernels
