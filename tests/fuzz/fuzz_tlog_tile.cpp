// Bundles of entries, and the paths that a stranger asks a log's listener for. The first byte says how many
// entries.

#include <string_view>

#include "protocol/check.h"
#include "protocol/tlog/tile.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  reeve::Bytes bundle{3};
  for (const char* entry : {"", "a", "some longer entry"})
    reeve::tlog::append_entry(bundle, reeve::as_bytes(entry));
  return {std::string(bundle.begin(), bundle.end()), "tile/entries/x001/x234/067.p/8", "tile/2/000"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto name = reeve::tlog::parse_tile_path(text))
    REEVE_CHECK(reeve::tlog::tile_path(*name) == text, "an accepted path has one form");
  if (size == 0) return 0;
  const auto entries = reeve::tlog::split_bundle({data + 1, size - 1}, data[0]);
  if (!entries) return 0;
  reeve::Bytes again;
  for (const reeve::ByteView entry : *entries)
    reeve::tlog::append_entry(again, entry);
  REEVE_CHECK(std::equal(again.begin(), again.end(), data + 1, data + size),
              "an accepted bundle has one form");
  return 0;
}
