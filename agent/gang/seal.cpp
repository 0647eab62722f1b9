#include "agent/gang/seal.h"

#include <sodium.h>

#include <algorithm>
#include <string_view>

namespace reeve::agent::gang {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kTagBytes = crypto_aead_chacha20poly1305_ietf_ABYTES;
static_assert(kFrameOverhead == kLengthBytes + 1 + kTagBytes);
static_assert(crypto_aead_chacha20poly1305_ietf_KEYBYTES == 32);

}  // namespace

Direction::Direction(const msg::GangSecret& secret, const Greeting& greeting, const Nonce& answer,
                     std::uint32_t sender) {
  constexpr std::string_view kDomain = "reeve/gang/channel/v1";
  const auto words = encode_greeting(greeting);
  crypto_generichash_state state;
  crypto_generichash_init(&state, secret.data(), secret.size(), key_.size());
  const ByteView domain = as_bytes(kDomain);
  crypto_generichash_update(&state, domain.data(), domain.size());
  crypto_generichash_update(&state, words.data(), words.size());
  crypto_generichash_update(&state, answer.data(), answer.size());
  const std::uint8_t which = sender == greeting.from ? 0 : 1;
  crypto_generichash_update(&state, &which, 1);
  crypto_generichash_final(&state, key_.data(), key_.size());
}

std::array<std::uint8_t, 12> Direction::next_nonce() {
  std::array<std::uint8_t, 12> nonce{};
  for (unsigned i = 0; i < 8; ++i)
    nonce[i] = static_cast<std::uint8_t>(count_ >> (8 * i));
  ++count_;
  return nonce;
}

void Direction::seal(FrameKind kind, ByteView body, Bytes& out) {
  const std::size_t start = out.size();
  const std::size_t sealed = 1 + body.size() + kTagBytes;
  out.resize(start + kLengthBytes + sealed);
  for (unsigned i = 0; i < kLengthBytes; ++i)
    out[start + i] = static_cast<std::uint8_t>(sealed >> (8 * i));
  std::uint8_t* const at = &out[start + kLengthBytes];
  at[0] = static_cast<std::uint8_t>(kind);
  std::copy(body.begin(), body.end(), at + 1);
  const auto nonce = next_nonce();
  crypto_aead_chacha20poly1305_ietf_encrypt(at, nullptr, at, 1 + body.size(), &out[start], kLengthBytes,
                                            nullptr, nonce.data(), key_.data());
}

std::optional<Direction::Opened> Direction::open(ByteView bytes,
                                                 std::array<std::uint8_t, kFrameBodyBytes + 1>& body) {
  if (bytes.size() < kLengthBytes) return Opened{};
  std::size_t sealed = 0;
  for (unsigned i = 0; i < kLengthBytes; ++i)
    sealed |= std::size_t{bytes[i]} << (8 * i);
  if (sealed < 1 + kTagBytes || sealed > 1 + kFrameBodyBytes + kTagBytes) return std::nullopt;
  if (bytes.size() < kLengthBytes + sealed) return Opened{};
  const auto nonce = next_nonce();
  unsigned long long size = 0;
  if (crypto_aead_chacha20poly1305_ietf_decrypt(body.data(), &size, nullptr, &bytes[kLengthBytes], sealed,
                                                bytes.data(), kLengthBytes, nonce.data(), key_.data()) != 0)
    return std::nullopt;
  Opened opened{static_cast<FrameKind>(body[0]), static_cast<std::size_t>(size) - 1, kLengthBytes + sealed};
  if (opened.kind < FrameKind::kHello || opened.kind > FrameKind::kBye) return std::nullopt;
  std::copy(body.begin() + 1, body.begin() + static_cast<std::ptrdiff_t>(size), body.begin());
  return opened;
}

Nonce make_nonce() {
  Nonce nonce;
  randombytes_buf(nonce.data(), nonce.size());
  return nonce;
}

}  // namespace reeve::agent::gang
