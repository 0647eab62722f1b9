#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "protocol/bytes.h"
#include "protocol/ids.h"

namespace reeve::agent::gang {

using Nonce = std::array<std::uint8_t, 32>;

/// The first words on a connection between two members of a gang, in the clear: whose door it is for. Nothing
/// of it is believed; who knows the gang's secret shows it by the first frame (seal.h).
struct Greeting {
  AttemptId lead;
  std::uint32_t from = 0;  // rank
  std::uint32_t to = 0;
  Nonce nonce{};
  bool operator==(const Greeting&) const = default;
};

/// "RVG1", lead (8 bytes), from (4), to (4), nonce (32); numbers little-endian.
inline constexpr std::size_t kGreetingBytes = 52;

std::array<std::uint8_t, kGreetingBytes> encode_greeting(const Greeting& greeting);
/// Nothing for other bytes than those of a greeting between two ranks that a gang can have.
std::optional<Greeting> decode_greeting(ByteView bytes);

}  // namespace reeve::agent::gang
