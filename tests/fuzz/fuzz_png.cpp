// PNG files of programs' results.

#include "tests/agent/compare/samples.h"
#include "tests/fuzz/picture_fuzz.h"

std::vector<std::string> fuzz_seeds() {
  using namespace reeve::samples;
  std::vector<std::string> seeds;
  PngForm form;
  form.text = "a text";
  seeds.push_back(reeve::fuzz::text(png(form, noise(std::size_t{16} * 12 * 3))));
  form.bit_depth = 16;
  form.color_type = 6;
  form.interlaced = true;
  seeds.push_back(reeve::fuzz::text(png(form, noise(std::size_t{16} * 12 * 8))));
  PngForm indexed;
  indexed.color_type = 3;
  indexed.bit_depth = 4;
  indexed.palette = noise(48);
  indexed.transparent = noise(9);
  seeds.push_back(reeve::fuzz::text(png(indexed, noise(std::size_t{8} * 12))));
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reeve::fuzz::decode_twice({data, size}, reeve::agent::compare::decode_png);
  return 0;
}
