// What reaches a member of a gang from strangers: greetings, and frames that nobody sealed.

#include <algorithm>

#include "agent/gang/greeting.h"
#include "agent/gang/seal.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace reeve::agent::gang;

const Greeting kGreeting{reeve::AttemptId(7), 3, 1, {}};

Direction direction(std::uint32_t sender) {
  return {reeve::msg::GangSecret{}, kGreeting, Nonce{}, sender};
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const auto greeting = encode_greeting(kGreeting);
  Direction sealing = direction(3);
  reeve::Bytes frames;
  sealing.seal(FrameKind::kHello, {}, frames);
  sealing.seal(FrameKind::kPacket, reeve::as_bytes("a packet"), frames);
  return {std::string(greeting.begin(), greeting.end()), std::string(frames.begin(), frames.end())};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const reeve::ByteView bytes(data, size);
  if (const auto greeting = decode_greeting(bytes)) {
    const auto again = encode_greeting(*greeting);
    REEVE_CHECK(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()), "a greeting reads back");
    REEVE_CHECK(greeting->to < greeting->from, "the higher rank greets");
  }
  static std::array<std::uint8_t, kFrameBodyBytes + 1> body;
  Direction opening = direction(3);
  for (std::size_t at = 0; at < size;) {
    const auto opened = opening.open(bytes.subspan(at), body);
    if (!opened || opened->frame_bytes == 0) break;
    REEVE_CHECK(opened->frame_bytes == opened->body_bytes + kFrameOverhead, "a frame is as long as it says");
    at += opened->frame_bytes;
  }
  return 0;
}
