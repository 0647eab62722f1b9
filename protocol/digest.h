#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/bytes.h"

namespace reeve {

/// SHA-256 of bytes that arrive in pieces (FIPS 180-4). A plain value: no allocation, copies keep the state.
class Sha256 {
 public:
  Sha256() { reset(); }
  void reset();
  Sha256& update(ByteView bytes);
  /// The digest of all bytes so far; the object then starts over.
  Digest finish();

 private:
  static constexpr std::size_t kStateBytes = 112;  // SHA256_CTX, asserted in digest.cpp
  alignas(8) std::array<std::byte, kStateBytes> state_;
};

Digest sha256(ByteView bytes);

/// Lower-case hexadecimal, 64 characters.
std::string to_hex(const Digest& digest);

/// Digest of a statement that somebody signs: a domain, then fields in a fixed order. Numbers are 64 bits,
/// little-endian; text has its length before it; so no two statements give the same bytes.
class StatementHasher {
 public:
  explicit StatementHasher(std::string_view domain) { text(domain); }
  StatementHasher& number(std::uint64_t value);
  StatementHasher& text(std::string_view value);
  /// Bytes of a length that the statement's form fixes: keys, digests.
  StatementHasher& fixed(ByteView bytes);
  Digest finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
};

}  // namespace reeve
