// Entries of a region's log: read by anybody, from anywhere.

#include "protocol/check.h"
#include "protocol/tlog/entry.h"
#include "tests/fuzz/fuzz.h"
#include "tests/protocol/tlog/entry_samples.h"

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const reeve::tlog::Entry& entry : reeve::tlog::sample_entries()) {
    const reeve::Bytes bytes = reeve::tlog::encode_entry(entry);
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const reeve::ByteView bytes(data, size);
  const auto entry = reeve::tlog::decode_entry(bytes);
  if (!entry.ok()) return 0;
  const reeve::Bytes again = reeve::tlog::encode_entry(*entry);
  REEVE_CHECK(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()),
              "an accepted entry has one form");
  if (const auto* lines = reeve::tlog::lines_of(entry->body))
    for (const reeve::tlog::Line& line : *lines)
      REEVE_CHECK(line.amount > 0, "an accepted line moves money");
  return 0;
}
