// OpenEXR files of programs' results: stored, in every compression, and in tiles.

#include "tests/agent/compare/samples.h"
#include "tests/fuzz/picture_fuzz.h"

std::vector<std::string> fuzz_seeds() {
  using namespace reeve::samples;
  std::vector<std::string> seeds;
  for (int compression = 0; compression < 10; ++compression) {
    ExrForm form;
    form.width = 9;
    form.height = 20;
    form.compression = compression;
    form.tile = compression % 3 == 1 ? 8 : 0;
    seeds.push_back(
        reeve::fuzz::text(exr(form, {{"A", 2, ramp(9, 20)}, {"R", 1, ramp(9, 20)}, {"id", 0, ramp(9, 20)}})));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reeve::fuzz::decode_twice({data, size}, reeve::agent::compare::decode_exr);
  return 0;
}
