#include "agent/gang/seal.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/gang/endpoint.h"

namespace reeve::agent::gang {
namespace {

const Greeting kGreeting{AttemptId(7), 3, 1, {1, 2, 3}};
const Nonce kAnswer{9};

Direction direction(std::uint32_t sender, msg::GangSecret secret = {5}) {
  return {secret, kGreeting, kAnswer, sender};
}

std::array<std::uint8_t, kFrameBodyBytes + 1> body;

std::string opened(Direction& from, ByteView bytes) {
  const auto frame = from.open(bytes, body);
  if (!frame) return "refused";
  if (frame->frame_bytes == 0) return "more";
  return {body.begin(), body.begin() + static_cast<std::ptrdiff_t>(frame->body_bytes)};
}

Bytes sealed(Direction& by, std::string_view text) {
  Bytes frame;
  by.seal(FrameKind::kPacket, as_bytes(text), frame);
  return frame;
}

TEST(Seal, OpensWhatTheOtherSealedInItsOrder) {
  Direction sealing = direction(3);
  Direction opening = direction(3);
  const Bytes first = sealed(sealing, "first");
  const Bytes second = sealed(sealing, "");
  EXPECT_EQ(opened(opening, ByteView(first).first(first.size() - 1)), "more");
  EXPECT_EQ(opened(opening, first), "first");
  EXPECT_EQ(opened(opening, second), "");
}

TEST(Seal, RefusesAFrameThatIsRepeatedOrLeftOut) {
  Direction sealing = direction(3);
  const Bytes first = sealed(sealing, "first");
  const Bytes second = sealed(sealing, "second");
  Direction repeated = direction(3);
  EXPECT_EQ(opened(repeated, first), "first");
  EXPECT_EQ(opened(repeated, first), "refused");
  Direction left_out = direction(3);
  EXPECT_EQ(opened(left_out, second), "refused");
}

TEST(Seal, RefusesEveryChangedByte) {
  Direction sealing = direction(3);
  const Bytes frame = sealed(sealing, "packet");
  for (std::size_t i = 0; i < frame.size(); ++i) {
    Bytes changed = frame;
    changed[i] ^= 1;
    Direction opening = direction(3);
    EXPECT_NE(opened(opening, changed), "packet") << i;
  }
}

TEST(Seal, RefusesAnotherSecretAndItsOwnFramesSentBack) {
  Direction sealing = direction(3);
  const Bytes frame = sealed(sealing, "packet");
  Direction stranger = direction(3, {6});
  EXPECT_EQ(opened(stranger, frame), "refused");
  Direction from_the_other = direction(1);
  EXPECT_EQ(opened(from_the_other, frame), "refused");
}

TEST(Greeting, ReadsBackAndIsRefusedWhereItFitsNoGang) {
  const auto bytes = encode_greeting(kGreeting);
  EXPECT_EQ(decode_greeting(bytes), kGreeting);
  EXPECT_FALSE(decode_greeting(ByteView(bytes).first(51)));
  EXPECT_FALSE(decode_greeting(encode_greeting({AttemptId(7), 1, 1, {}})));
  EXPECT_FALSE(decode_greeting(encode_greeting({AttemptId(7), 256, 1, {}})));
  EXPECT_FALSE(decode_greeting(encode_greeting({AttemptId(0), 3, 1, {}})));
}

TEST(Endpoint, ReadsAddressesAndRefusesOthers) {
  EXPECT_EQ(endpoint_text(*read_endpoint("10.1.2.3:7700", false)), "10.1.2.3:7700");
  EXPECT_EQ(endpoint_text(*read_endpoint("10.1.2.3", false)), "10.1.2.3:0");
  EXPECT_EQ(endpoint_text(*read_endpoint("[::1]:80", false)), "[::1]:80");
  EXPECT_EQ(endpoint_text(*read_endpoint("::1", false)), "[::1]:0");
  EXPECT_TRUE(is_wildcard(*read_endpoint("0.0.0.0:1", false)));
  for (const char* wrong : {"", ":", "[::1", "[::1]80", "10.1.2.3:x", "10.1.2.3:65536", "10.1.2.3:", "rig01"})
    EXPECT_FALSE(read_endpoint(wrong, false).ok()) << wrong;
}

}  // namespace
}  // namespace reeve::agent::gang
