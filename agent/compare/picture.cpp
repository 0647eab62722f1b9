#include "agent/compare/picture.h"

#include <half.h>

#include <algorithm>
#include <cstring>

#include "agent/compare/bounds.h"
#include "agent/compare/verdict.h"

namespace reeve::agent::compare {
namespace {

template <class T>
T load(const std::uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool begins_with(ByteView file, std::initializer_list<std::uint8_t> magic) {
  return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin());
}

}  // namespace

std::uint32_t Picture::bits(const Channel& channel, std::uint64_t pixel) const {
  const std::uint8_t* at = data.data() + channel.begin + pixel * channel.step;
  switch (sample_bytes(channel.type)) {
    case 1: return *at;
    case 2: return load<std::uint16_t>(at);
    default: return load<std::uint32_t>(at);
  }
}

double Picture::value(const Channel& channel, std::uint64_t pixel) const {
  const std::uint32_t raw = bits(channel, pixel);
  if (channel.type == Sample::kFloat) {
    float number = 0;
    std::memcpy(&number, &raw, sizeof number);
    return static_cast<double>(number);
  }
  if (channel.type != Sample::kHalf) return raw;
  half number;
  number.setBits(static_cast<unsigned short>(raw));
  return static_cast<double>(static_cast<float>(number));
}

PictureKind picture_kind(ByteView file) {
  if (begins_with(file, {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'})) return PictureKind::kPng;
  if (begins_with(file, {0xff, 0xd8, 0xff})) return PictureKind::kJpeg;
  if (begins_with(file, {0x76, 0x2f, 0x31, 0x01})) return PictureKind::kExr;
  return PictureKind::kNone;
}

const char* picture_kind_name(PictureKind kind) {
  switch (kind) {
    case PictureKind::kPng: return "a PNG";
    case PictureKind::kJpeg: return "a JPEG";
    case PictureKind::kExr: return "an OpenEXR file";
    case PictureKind::kNone: break;
  }
  return "no picture";
}

Error damaged(const std::string& what) {
  return {ErrorCode::kCorrupt, what, "write the file again"};
}

Error beyond(const std::string& what) {
  return {ErrorCode::kExhausted, what, "docs/formats/comparators.md lists what is decoded, and its bounds"};
}

Result<void> fits_bounds(std::uint64_t width, std::uint64_t height, std::uint64_t pixel_bytes,
                         std::uint64_t most_bytes) {
  if (width == 0 || height == 0) return damaged("a picture without pixels");
  const std::string size = grouped(width) + " x " + grouped(height) + " pixels";
  if (width > kPictureSide || height > kPictureSide)
    return beyond(size + ", at most " + grouped(kPictureSide) + " a side");
  if (width * height * pixel_bytes > most_bytes)
    return beyond(size + " of " + grouped(pixel_bytes) + " bytes, at most " + grouped(most_bytes >> 20) +
                  " MiB in all");
  return {};
}

Result<Picture> decode_picture(ByteView file) {
  switch (picture_kind(file)) {
    case PictureKind::kPng: return decode_png(file);
    case PictureKind::kJpeg: return decode_jpeg(file);
    case PictureKind::kExr: return decode_exr(file);
    case PictureKind::kNone: break;
  }
  return damaged("no PNG, JPEG or OpenEXR file");
}

}  // namespace reeve::agent::compare
