// JPEG files of programs' results.

#include "tests/agent/compare/samples.h"
#include "tests/fuzz/picture_fuzz.h"

std::vector<std::string> fuzz_seeds() {
  using namespace reeve::samples;
  const reeve::Bytes rgb = noise(std::size_t{24} * 17 * 3);
  return {reeve::fuzz::text(jpeg(24, 17, rgb, 80)),
          reeve::fuzz::text(jpeg(24, 17, rgb, 30, true, "a comment"))};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reeve::fuzz::decode_twice({data, size}, reeve::agent::compare::decode_jpeg);
  return 0;
}
