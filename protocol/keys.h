#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/bytes.h"
#include "protocol/result.h"
#include "protocol/units.h"

namespace reeve {

/// Thirty-two secret bytes, wiped when they go.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(const std::array<std::uint8_t, 32>& bytes) : bytes_(bytes) {}
  SecretBytes(const SecretBytes&) = default;
  SecretBytes& operator=(const SecretBytes&) = default;
  ~SecretBytes();
  const std::array<std::uint8_t, 32>& bytes() const { return bytes_; }

 private:
  std::array<std::uint8_t, 32> bytes_{};
};

/// Thirty-two bytes from the operating system: a seed, a region's secret.
SecretBytes random_secret();

/// Who somebody is: an Ed25519 key pair (RFC 8032), made from a seed of 32 bytes.
class Identity {
 public:
  static Identity create();
  static Identity from_seed(const SecretBytes& seed);

  const PublicKey& public_key() const { return public_; }
  const SecretBytes& seed() const { return seed_; }
  Signature sign(ByteView message) const;
  Signature sign(const Digest& statement) const { return sign(ByteView(statement.bytes)); }

 private:
  Identity() = default;

  SecretBytes seed_;
  PublicKey public_;
};

bool verify(const PublicKey& signer, ByteView message, const Signature& signature);
bool verify(const PublicKey& signer, const Digest& statement, const Signature& signature);

/// What CURVE speaks with: an X25519 key pair, signed by an identity (binding_digest) and replaced freely.
class TransportPair {
 public:
  static TransportPair create();
  static TransportPair from_secret(const SecretBytes& secret);

  const TransportKey& public_key() const { return public_; }
  const SecretBytes& secret() const { return secret_; }

 private:
  TransportPair() = default;

  SecretBytes secret_;
  TransportKey public_;
};

/// "did:key:z6Mk…": base58btc of 0xed01 and the key (W3C did:key method).
std::string did_key(const PublicKey& key);
Result<PublicKey> parse_did_key(std::string_view text);

/// What an identity signs to speak with `transport` at the region whose server key is `region`. A larger
/// `sequence` replaces a smaller one.
Digest binding_digest(const TransportKey& region, const TransportKey& transport, std::uint64_t sequence,
                      Time not_after);

/// What an owner signs to let the bearer of a token enrol agents in the owner's name.
Digest delegation_digest(const TransportKey& region, std::string_view token_id, const Digest& secret_digest,
                         std::uint32_t uses, Time expires);

}  // namespace reeve
