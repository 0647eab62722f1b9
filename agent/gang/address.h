#pragma once

#include <cstdint>

/// The members' addresses on their private network. Plain data: reeve-launch has no library of ours.
namespace reeve::agent::gang {

/// Rank 0 is 10.77.0.1, rank 255 is 10.77.1.0. Nothing else can be reached from a sandbox, so it is no
/// matter what the networks outside are called.
inline constexpr std::uint32_t kNetwork = 0x0A4D'0000;
inline constexpr std::uint32_t kNetworkMask = 0xFFFF'0000;
/// In the host's byte order.
constexpr std::uint32_t address_of(std::uint32_t rank) {
  return kNetwork + rank + 1;
}
/// What members are called, before the rank.
inline constexpr const char* kHostPrefix = "rank";
/// Where a member's reeve-launch waits for commands of rank 0's.
inline constexpr std::uint16_t kLaunchPort = 7077;

}  // namespace reeve::agent::gang
