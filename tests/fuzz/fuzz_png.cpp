// PNG files of programs' results.

#include <algorithm>

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

namespace {

/// The input with the checksum of every chunk set right: otherwise nearly every mutation ends there.
reeve::Bytes with_checksums(reeve::ByteView input) {
  reeve::Bytes file(input.begin(), input.end());
  for (std::size_t at = 8; file.size() >= at && file.size() - at >= 12;) {
    const std::uint64_t length = std::uint64_t{file[at]} << 24 | std::uint64_t{file[at + 1]} << 16 |
                                 std::uint64_t{file[at + 2]} << 8 | file[at + 3];
    if (length > file.size() - at - 12) break;
    const auto data = file.begin() + static_cast<std::ptrdiff_t>(at + 8);
    const std::string type(data - 4, data);
    const reeve::Bytes chunk =
        reeve::samples::png_chunk(type, {data, data + static_cast<std::ptrdiff_t>(length)});
    std::copy(chunk.begin(), chunk.end(), data - 8);
    at += 12 + static_cast<std::size_t>(length);
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reeve::fuzz::decode_twice({data, size}, reeve::agent::compare::decode_png);
  reeve::fuzz::decode_twice(with_checksums({data, size}), reeve::agent::compare::decode_png);
  return 0;
}
