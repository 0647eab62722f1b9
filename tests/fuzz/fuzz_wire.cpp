#include "protocol/check.h"
#include "protocol/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/protocol/wire_samples.h"

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const auto& message : reeve::wire_samples::all()) {
    const reeve::Bytes bytes = reeve::wire::encode(message);
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return seeds;
}

/// What is read of a peer's bytes can be written and read again, and is then the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = reeve::wire::decode({data, size});
  if (!message) return 0;
  const auto again = reeve::wire::decode(reeve::wire::encode(*message));
  // Pointers that share words may make a long message of a short one: the second reading refuses that.
  if (!again) {
    REEVE_CHECK(size > 1U << 20, "a message that was read can be read again");
    return 0;
  }
  REEVE_CHECK(*again == *message, "a message is the same after a second trip");
  return 0;
}
