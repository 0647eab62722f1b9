#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A SHA-256 value, or a root made of them.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
};

/// An Ed25519 public key: who somebody is.
struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const PublicKey&) const = default;
};

/// An X25519 public key: what CURVE authenticates on a socket.
struct TransportKey {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const TransportKey&) const = default;
};

/// An Ed25519 signature.
struct Signature {
  std::array<std::uint8_t, 64> bytes{};
  auto operator<=>(const Signature&) const = default;
};

/// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
/// Parses exactly `out.size()` bytes of hexadecimal; false for any other text.
bool from_hex(std::string_view text, std::span<std::uint8_t> out);

}  // namespace reeve
