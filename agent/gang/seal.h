#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "agent/gang/greeting.h"
#include "protocol/messages.h"

namespace reeve::agent::gang {

/// What a frame between two members is.
enum class FrameKind : std::uint8_t {
  kHello = 1,   // once, first: that the other end knows the secret
  kPacket = 2,  // an IP packet of the private network
  kBye = 3,     // this member ends as it should; without it the end of a connection is the loss of a member
};

/// An IPv4 packet can have so many bytes; the interfaces' are smaller.
inline constexpr std::size_t kFrameBodyBytes = 65535;
/// Of a frame, before and behind its body: the length (4), the kind (1), the seal (16).
inline constexpr std::size_t kFrameOverhead = 21;

/// One direction of one connection: ChaCha20-Poly1305 with a key of its own, and a nonce that counts. Frames
/// that are changed, repeated, left out or moved do not open.
class Direction {
 public:
  /// `sender` is the rank that seals. Both nonces are of this connection alone, and so is the key.
  Direction(const msg::GangSecret& secret, const Greeting& greeting, const Nonce& answer,
            std::uint32_t sender);

  /// Appends one frame to `out`.
  void seal(FrameKind kind, ByteView body, Bytes& out);

  struct Opened {
    FrameKind kind = FrameKind::kHello;
    std::size_t body_bytes = 0;   // they lie at the front of `body`
    std::size_t frame_bytes = 0;  // that were used up; 0: no whole frame is here yet
  };
  /// Opens the frame at the front of `bytes`. Nothing: this is no frame of the other end's.
  std::optional<Opened> open(ByteView bytes, std::array<std::uint8_t, kFrameBodyBytes + 1>& body);

 private:
  std::array<std::uint8_t, 12> next_nonce();

  std::array<std::uint8_t, 32> key_{};
  std::uint64_t count_ = 0;
};

/// Fresh and unguessable.
Nonce make_nonce();

}  // namespace reeve::agent::gang
