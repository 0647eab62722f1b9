// The index of a bundle: what a stranger's program left, read by requesters and referees.

#include "protocol/bundle.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

namespace {

std::string seed(std::vector<reeve::BundleFile> files) {
  const reeve::Bytes head = *reeve::encode_bundle_index(std::move(files));
  return {head.begin(), head.end()};
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {seed({}), seed({{"stdout", false, 12}}),
          seed({{"a", true, 0}, {"b/c", false, 300}, {"b/d", false, 1}})};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const reeve::ByteView bytes(data, size);
  const auto head = reeve::bundle_head_bytes(bytes);
  if (!head.ok() || *head > size) return 0;
  // A whole whose size fits its index, whatever that says; where it does not, it must be refused.
  for (std::uint64_t extra = 0; extra < 400; ++extra) {
    const auto index = reeve::decode_bundle_index(bytes.first(*head), *head + extra);
    if (!index.ok()) continue;
    REEVE_CHECK(index->size_bytes() == *head + extra, "an accepted bundle adds up");
    for (const reeve::BundleFile& file : index->files)
      REEVE_CHECK(reeve::unfit_path(file.path).empty(), "an accepted path stays in its folder");
    REEVE_CHECK(reeve::encode_bundle_index(index->files).ok(), "an accepted bundle can be written again");
  }
  return 0;
}
