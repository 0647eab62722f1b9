// The low-level calls: EVP's contexts cost more to make than hashing the 33 to 100 bytes of a Merkle node
// does. Both choose the processor's SHA instructions in the same way.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "protocol/digest.h"

#include <openssl/sha.h>

#include <type_traits>

namespace reeve {
namespace {

static_assert(std::is_trivially_copyable_v<SHA256_CTX>);

SHA256_CTX* context(std::byte* state) {
  return reinterpret_cast<SHA256_CTX*>(state);
}

}  // namespace

void Sha256::reset() {
  static_assert(sizeof(SHA256_CTX) == kStateBytes && alignof(SHA256_CTX) <= 8);
  SHA256_Init(context(state_.data()));
}

Sha256& Sha256::update(ByteView bytes) {
  SHA256_Update(context(state_.data()), bytes.data(), bytes.size());
  return *this;
}

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(digest.bytes.data(), context(state_.data()));
  reset();
  return digest;
}

Digest sha256(ByteView bytes) {
  return Sha256().update(bytes).finish();
}

std::string to_hex(const Digest& digest) {
  return to_hex(ByteView(digest.bytes));
}

StatementHasher& StatementHasher::number(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return fixed(bytes);
}

StatementHasher& StatementHasher::text(std::string_view value) {
  number(value.size());
  return fixed(as_bytes(value));
}

StatementHasher& StatementHasher::fixed(ByteView bytes) {
  hash_.update(bytes);
  return *this;
}

}  // namespace reeve
