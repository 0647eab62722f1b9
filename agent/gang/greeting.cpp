#include "agent/gang/greeting.h"

#include <algorithm>

#include "protocol/limits.h"

namespace reeve::agent::gang {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic{'R', 'V', 'G', '1'};

void write_number(std::uint8_t* at, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i)
    at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t read_number(const std::uint8_t* at, unsigned bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i)
    value |= std::uint64_t{at[i]} << (8 * i);
  return value;
}

}  // namespace

std::array<std::uint8_t, kGreetingBytes> encode_greeting(const Greeting& greeting) {
  std::array<std::uint8_t, kGreetingBytes> bytes{};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  write_number(&bytes[4], greeting.lead.value(), 8);
  write_number(&bytes[12], greeting.from, 4);
  write_number(&bytes[16], greeting.to, 4);
  std::copy(greeting.nonce.begin(), greeting.nonce.end(), bytes.begin() + 20);
  return bytes;
}

std::optional<Greeting> decode_greeting(ByteView bytes) {
  if (bytes.size() != kGreetingBytes || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin()))
    return std::nullopt;
  Greeting greeting;
  greeting.lead = AttemptId(read_number(&bytes[4], 8));
  greeting.from = static_cast<std::uint32_t>(read_number(&bytes[12], 4));
  greeting.to = static_cast<std::uint32_t>(read_number(&bytes[16], 4));
  std::copy(bytes.begin() + 20, bytes.end(), greeting.nonce.begin());
  const bool fits =
      greeting.lead.valid() && greeting.from < limits::kGangMembers && greeting.to < greeting.from;
  return fits ? std::optional(greeting) : std::nullopt;
}

}  // namespace reeve::agent::gang
