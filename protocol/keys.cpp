#include "protocol/keys.h"

#include <sodium.h>

#include <algorithm>
#include <optional>

#include "protocol/check.h"
#include "protocol/digest.h"

namespace reeve {
namespace {

void start_sodium() {
  REEVE_CHECK(sodium_init() >= 0, "libsodium starts");
}

constexpr std::string_view kDidPrefix = "did:key:z";
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::array<std::uint8_t, 2> kEd25519Code = {0xed, 0x01};
constexpr std::size_t kDidBytes = kEd25519Code.size() + 32;

// Long division by 58; 34 bytes that begin with 0xed have no leading zeros to keep.
std::string to_base58(std::array<std::uint8_t, kDidBytes> number) {
  std::string text;
  while (std::any_of(number.begin(), number.end(), [](std::uint8_t b) { return b != 0; })) {
    unsigned remainder = 0;
    for (std::uint8_t& byte : number) {
      remainder = remainder << 8 | byte;
      byte = static_cast<std::uint8_t>(remainder / 58);
      remainder %= 58;
    }
    text.push_back(kBase58[remainder]);
  }
  std::reverse(text.begin(), text.end());
  return text;
}

std::optional<std::array<std::uint8_t, kDidBytes>> from_base58(std::string_view text) {
  std::array<std::uint8_t, kDidBytes> number{};
  if (text.size() > 2 * kDidBytes) return std::nullopt;
  for (const char c : text) {
    const std::size_t digit = kBase58.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    unsigned carry = static_cast<unsigned>(digit);
    for (auto byte = number.rbegin(); byte != number.rend(); ++byte) {
      carry += *byte * 58U;
      *byte = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
    if (carry != 0) return std::nullopt;
  }
  return number;
}

}  // namespace

SecretBytes::~SecretBytes() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

SecretBytes random_secret() {
  start_sodium();
  std::array<std::uint8_t, 32> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  const SecretBytes secret(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return secret;
}

Identity Identity::create() {
  return from_seed(random_secret());
}

Identity Identity::from_seed(const SecretBytes& seed) {
  start_sodium();
  Identity identity;
  identity.seed_ = seed;
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret;
  crypto_sign_seed_keypair(identity.public_.bytes.data(), secret.data(), seed.bytes().data());
  sodium_memzero(secret.data(), secret.size());
  return identity;
}

Signature Identity::sign(ByteView message) const {
  // libsodium's secret key is the seed followed by the public key.
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret;
  std::copy(seed_.bytes().begin(), seed_.bytes().end(), secret.begin());
  std::copy(public_.bytes.begin(), public_.bytes.end(), secret.begin() + 32);
  Signature signature;
  crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  return signature;
}

bool verify(const PublicKey& signer, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                     signer.bytes.data()) == 0;
}

bool verify(const PublicKey& signer, const Digest& statement, const Signature& signature) {
  return verify(signer, ByteView(statement.bytes), signature);
}

TransportPair TransportPair::create() {
  return from_secret(random_secret());
}

TransportPair TransportPair::from_secret(const SecretBytes& secret) {
  start_sodium();
  TransportPair pair;
  pair.secret_ = secret;
  crypto_scalarmult_base(pair.public_.bytes.data(), secret.bytes().data());
  return pair;
}

std::string did_key(const PublicKey& key) {
  std::array<std::uint8_t, kDidBytes> bytes;
  std::copy(kEd25519Code.begin(), kEd25519Code.end(), bytes.begin());
  std::copy(key.bytes.begin(), key.bytes.end(), bytes.begin() + kEd25519Code.size());
  return std::string(kDidPrefix) + to_base58(bytes);
}

Result<PublicKey> parse_did_key(std::string_view text) {
  if (!text.starts_with(kDidPrefix)) {
    return Error{ErrorCode::kInvalid, "'" + std::string(text.substr(0, 80)) + "' is no did:key",
                 "it starts with did:key:z6Mk; `reeve owner show` prints yours"};
  }
  const auto bytes = from_base58(text.substr(kDidPrefix.size()));
  if (!bytes || !std::equal(kEd25519Code.begin(), kEd25519Code.end(), bytes->begin())) {
    return Error{ErrorCode::kInvalid,
                 "'" + std::string(text.substr(0, 80)) + "' does not hold an Ed25519 public key",
                 "copy the whole text, from did:key:z6Mk on; no other kind of key is used"};
  }
  PublicKey key;
  std::copy(bytes->begin() + kEd25519Code.size(), bytes->end(), key.bytes.begin());
  return key;
}

Digest binding_digest(const TransportKey& region, const TransportKey& transport, std::uint64_t sequence,
                      Time not_after) {
  return StatementHasher("reeve/binding/v1")
      .fixed(region.bytes)
      .fixed(transport.bytes)
      .number(sequence)
      .number(static_cast<std::uint64_t>(not_after.ns))
      .finish();
}

Digest delegation_digest(const TransportKey& region, std::string_view token_id, const Digest& secret_digest,
                         std::uint32_t uses, Time expires) {
  return StatementHasher("reeve/delegation/v1")
      .fixed(region.bytes)
      .text(token_id)
      .fixed(secret_digest.bytes)
      .number(uses)
      .number(static_cast<std::uint64_t>(expires.ns))
      .finish();
}

}  // namespace reeve
