#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/result.h"

/// Pictures as their samples. Whatever a file says besides (text, times, colour profiles, previews) is left
/// out.
namespace reeve::agent::compare {

enum class PictureKind : std::uint8_t { kNone, kPng, kJpeg, kExr };

enum class Sample : std::uint8_t { kU8, kU16, kU32, kHalf, kFloat };

constexpr std::size_t sample_bytes(Sample type) {
  if (type == Sample::kU8) return 1;
  return type == Sample::kU16 || type == Sample::kHalf ? 2 : 4;
}

/// A sample stands at `begin + pixel * step` in the picture's data, in the order of this machine.
struct Channel {
  std::string name;
  Sample type = Sample::kU8;
  std::size_t begin = 0;
  std::size_t step = 0;
};

struct Picture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  /// OpenEXR alone: where the pixels lie (first x, first y) and the window shown (min x, min y, max x, max
  /// y).
  std::array<std::int32_t, 6> window{};
  std::vector<Channel> channels;
  Bytes data;

  std::uint64_t pixels() const { return std::uint64_t{width} * height; }
  /// The sample's bits.
  std::uint32_t bits(const Channel& channel, std::uint64_t pixel) const;
  /// The sample as a number: integers as they are.
  double value(const Channel& channel, std::uint64_t pixel) const;
};

/// By the first bytes, never by a name.
PictureKind picture_kind(ByteView file);
const char* picture_kind_name(PictureKind kind);

/// Decodes one. Errors: kCorrupt for what is no picture or a damaged one; kExhausted for one beyond the
/// bounds (bounds.h) or of a form that is not decoded here (animation, several parts, deep data, mip levels).
Result<Picture> decode_picture(ByteView file);

// One each, in the file of that name. They trust nothing in `file`.
Result<Picture> decode_png(ByteView file);
Result<Picture> decode_jpeg(ByteView file);
Result<Picture> decode_exr(ByteView file);

// What decoders say.
Error damaged(const std::string& what);
Error beyond(const std::string& what);
/// Nothing, or why a picture of this size and this many bytes a pixel is refused.
Result<void> fits_bounds(std::uint64_t width, std::uint64_t height, std::uint64_t pixel_bytes,
                         std::uint64_t most_bytes);

}  // namespace reeve::agent::compare
