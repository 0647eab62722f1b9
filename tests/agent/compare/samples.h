#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/bytes.h"

/// Files as renderers and training scripts write them, by the libraries that those use.
namespace reeve::samples {

struct PngForm {
  std::uint32_t width = 16, height = 12;
  int color_type = 2;  // as in the format: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
  int bit_depth = 8;
  bool interlaced = false;
  std::string text;   // of a tEXt chunk; none where empty
  int level = 6;      // of compression
  Bytes transparent;  // tRNS of a palette
  Bytes palette;      // RGB triples
};
/// `rows`: the bytes of the rows one after another, as the format stores them.
Bytes png(const PngForm& form, const Bytes& rows);
/// Samples that vary everywhere, for a picture of so many bytes.
Bytes noise(std::size_t bytes, unsigned seed = 1);
/// A chunk, with its checksum.
Bytes png_chunk(const std::string& type, const Bytes& data);

/// Baseline or progressive, three components of 8 bits.
Bytes jpeg(std::uint32_t width, std::uint32_t height, const Bytes& rgb, int quality, bool progressive = false,
           const std::string& comment = "");

struct ExrChannelForm {
  std::string name;
  int type = 2;               // 0 uint, 1 half, 2 float
  std::vector<float> values;  // a value a pixel; of uint channels, converted
};
struct ExrForm {
  int width = 16, height = 40;
  int compression = 3;  // ZIP
  int first_x = 0, first_y = 0;
  int tile = 0;       // side of tiles; 0: lines
  bool mips = false;  // of tiles
  std::string owner;  // metadata
};
Bytes exr(const ExrForm& form, const std::vector<ExrChannelForm>& channels);
/// Smooth values of 0 to 1.
std::vector<float> ramp(int width, int height);

Bytes npy(const std::string& header, const Bytes& data, int version = 1);
/// With the header that numpy writes; shape as "3, 4".
Bytes npy_of(const std::string& descr, const std::string& shape, const Bytes& data,
             bool fortran_order = false);
Bytes safetensors(const std::string& header, const Bytes& data);

/// The bytes of values, little-endian.
template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(values.data());
  return {begin, begin + values.size() * sizeof(T)};
}
Bytes joined(Bytes one, const Bytes& other);

}  // namespace reeve::samples
