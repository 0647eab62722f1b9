#include "protocol/keys.h"

#include <gtest/gtest.h>

#include <set>

#include "protocol/digest.h"

namespace reeve {
namespace {

SecretBytes secret(std::string_view hex) {
  std::array<std::uint8_t, 32> bytes;
  EXPECT_TRUE(from_hex(hex, bytes));
  return SecretBytes(bytes);
}

TEST(Keys, IdentityFollowsRfc8032) {
  const auto identity =
      Identity::from_seed(secret("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  EXPECT_EQ(to_hex(identity.public_key().bytes),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(to_hex(identity.sign(ByteView{}).bytes),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b");
}

// Section 5.2: one iteration, whose point is the base point.
TEST(Keys, TransportFollowsRfc7748) {
  const auto pair = TransportPair::from_secret(secret("09" + std::string(62, '0')));
  EXPECT_EQ(to_hex(pair.public_key().bytes),
            "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
}

TEST(Keys, ASignatureHoldsForItsMessageAndSignerAlone) {
  const auto alice = Identity::create();
  const auto bob = Identity::create();
  const auto signature = alice.sign(as_bytes("pay 3"));
  EXPECT_TRUE(verify(alice.public_key(), as_bytes("pay 3"), signature));
  EXPECT_FALSE(verify(alice.public_key(), as_bytes("pay 4"), signature));
  EXPECT_FALSE(verify(bob.public_key(), as_bytes("pay 3"), signature));
  auto forged = signature;
  forged.bytes[63] ^= 1;
  EXPECT_FALSE(verify(alice.public_key(), as_bytes("pay 3"), forged));
}

TEST(Keys, DidKeyIsThatOfTheMethodsExample) {
  PublicKey key;
  ASSERT_TRUE(from_hex("2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6", key.bytes));
  EXPECT_EQ(did_key(key), "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK");
}

TEST(Keys, DidKeyReadsBackAndRefusesAllElse) {
  const auto key = Identity::create().public_key();
  const std::string text = did_key(key);
  ASSERT_TRUE(parse_did_key(text).ok());
  EXPECT_EQ(*parse_did_key(text), key);
  for (const std::string& bad : {std::string(), std::string("did:key:z"), text.substr(0, text.size() - 1),
                                 text + "1", text + "0", "did:web:" + text.substr(8), std::string(5000, 'z'),
                                 std::string("did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc")}) {
    EXPECT_FALSE(parse_did_key(bad).ok()) << bad;
  }
}

TEST(Keys, EveryPartOfABindingCounts) {
  TransportKey a;
  TransportKey b;
  b.bytes[0] = 1;
  const std::set<Digest> all = {binding_digest(a, b, 1, {9}), binding_digest(b, a, 1, {9}),
                                binding_digest(a, b, 2, {9}), binding_digest(a, b, 1, {8}),
                                binding_digest(a, a, 1, {9})};
  EXPECT_EQ(all.size(), 5u);
}

TEST(Keys, EveryPartOfADelegationCounts) {
  const TransportKey region;
  TransportKey other;
  other.bytes[0] = 1;
  const Digest one = sha256(as_bytes("one"));
  const Digest two = sha256(as_bytes("two"));
  const std::set<Digest> all = {
      delegation_digest(region, "abcdef", one, 1, {5}), delegation_digest(other, "abcdef", one, 1, {5}),
      delegation_digest(region, "abcdeg", one, 1, {5}), delegation_digest(region, "abcdef", two, 1, {5}),
      delegation_digest(region, "abcdef", one, 2, {5}), delegation_digest(region, "abcdef", one, 1, {6})};
  EXPECT_EQ(all.size(), 6u);
}

}  // namespace
}  // namespace reeve
