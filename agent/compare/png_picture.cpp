// The one file that wraps libpng. Its errors come by longjmp, so a function that sets one up holds nothing
// that would have to be destroyed.

#include <png.h>

#include <bit>
#include <csetjmp>
#include <cstring>
#include <string_view>

#include "agent/compare/bounds.h"
#include "agent/compare/picture.h"

namespace reeve::agent::compare {
namespace {

constexpr std::size_t kSignatureBytes = 8;
/// Source: zlib.net/zlib_tech.html, "Maximum Compression Factor".
constexpr std::uint64_t kDeflateRatio = 1032;

struct Reading {
  ByteView file;
  std::size_t at = 0;
  std::string message;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::vector<png_bytep> rows;

  explicit Reading(ByteView bytes) : file(bytes) {}
  ~Reading() { png_destroy_read_struct(&png, &info, nullptr); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
};

void read_bytes(png_structp png, png_bytep out, std::size_t count) {
  auto* reading = static_cast<Reading*>(png_get_io_ptr(png));
  if (count > reading->file.size() - reading->at) png_error(png, "it ends early");
  std::memcpy(out, reading->file.data() + reading->at, count);
  reading->at += count;
}

[[noreturn]] void keep_message(png_structp png, png_const_charp message) {
  static_cast<Reading*>(png_get_error_ptr(png))->message = message;
  png_longjmp(png, 1);
}

void drop_message(png_structp /*png*/, png_const_charp /*message*/) {}

std::uint32_t big_endian(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}

/// Walks the chunks: animations hold frames that libpng passes over, and bytes after the end are no metadata.
Result<void> only_one_picture(ByteView file) {
  if (picture_kind(file) != PictureKind::kPng) return damaged("PNG: no signature");
  std::size_t at = kSignatureBytes;
  while (file.size() - at >= 12) {
    const std::uint64_t length = big_endian(file.data() + at);
    const std::string_view type(reinterpret_cast<const char*>(file.data() + at + 4), 4);
    if (length > file.size() - at - 12) return damaged("PNG: a chunk goes beyond the file's end");
    if (type == "acTL" || type == "fdAT") return beyond("PNG: an animation");
    at += 12 + static_cast<std::size_t>(length);
    if (type != "IEND") continue;
    if (at != file.size()) return beyond("PNG: there are bytes after its end");
    return {};
  }
  return damaged("PNG: it ends early");
}

bool begin(Reading& reading) {
  reading.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, keep_message, drop_message);
  if (reading.png == nullptr) return false;
  if (setjmp(png_jmpbuf(reading.png)) != 0) return false;
  reading.info = png_create_info_struct(reading.png);
  if (reading.info == nullptr) return false;
  png_set_read_fn(reading.png, &reading, read_bytes);
  png_set_user_limits(reading.png, kPictureSide, kPictureSide);
  png_set_benign_errors(reading.png, 0);  // an index beyond the palette or too much data: damaged
  // All ancillary chunks but tRNS: metadata.
  png_set_keep_unknown_chunks(reading.png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
  png_read_info(reading.png, reading.info);
  return true;
}

/// Palettes to RGB, 1, 2 and 4 bits of grey to 8, transparency to alpha; 16 bits stay.
bool transform(Reading& reading) {
  if (setjmp(png_jmpbuf(reading.png)) != 0) return false;
  png_set_expand(reading.png);
  if (std::endian::native == std::endian::little) png_set_swap(reading.png);
  png_set_interlace_handling(reading.png);
  png_read_update_info(reading.png, reading.info);
  return true;
}

bool read_pixels(Reading& reading) {
  if (setjmp(png_jmpbuf(reading.png)) != 0) return false;
  png_read_image(reading.png, reading.rows.data());
  png_read_end(reading.png, nullptr);
  return true;
}

Picture shape(const Reading& reading) {
  static constexpr const char* kNames[5][4] = {
      {}, {"grey"}, {"grey", "alpha"}, {"red", "green", "blue"}, {"red", "green", "blue", "alpha"}};
  Picture picture;
  picture.width = png_get_image_width(reading.png, reading.info);
  picture.height = png_get_image_height(reading.png, reading.info);
  const std::size_t count = png_get_channels(reading.png, reading.info);
  const Sample type = png_get_bit_depth(reading.png, reading.info) == 16 ? Sample::kU16 : Sample::kU8;
  for (std::size_t c = 0; c < count; ++c)
    picture.channels.push_back({kNames[count][c], type, c * sample_bytes(type), count * sample_bytes(type)});
  return picture;
}

}  // namespace

Result<Picture> decode_png(ByteView file) {
  if (auto whole = only_one_picture(file); !whole) return whole.error();
  Reading reading(file);
  if (!begin(reading)) return damaged("PNG: " + reading.message);
  // Eight bytes a pixel at most, whatever the transformations make of it.
  const auto width = png_get_image_width(reading.png, reading.info);
  const auto height = png_get_image_height(reading.png, reading.info);
  if (auto fits = fits_bounds(width, height, 8, kPictureBytes); !fits) return fits.error();
  // So that a small file cannot have us clear a gigabyte: deflate shrinks to one part in 1032 at most.
  const std::uint64_t row = (std::uint64_t{width} * png_get_channels(reading.png, reading.info) *
                                 png_get_bit_depth(reading.png, reading.info) +
                             7) /
                            8;
  if (row * height > file.size() * kDeflateRatio) return damaged("PNG: too few bytes for its pixels");
  if (!transform(reading)) return damaged("PNG: " + reading.message);
  Picture picture = shape(reading);
  const std::size_t row_bytes = picture.width * picture.channels.front().step;
  if (png_get_rowbytes(reading.png, reading.info) != row_bytes) return beyond("PNG: a form unknown here");
  picture.data.resize(row_bytes * picture.height);
  for (std::size_t y = 0; y < picture.height; ++y)
    reading.rows.push_back(picture.data.data() + y * row_bytes);
  if (!read_pixels(reading)) return damaged("PNG: " + reading.message);
  return picture;
}

}  // namespace reeve::agent::compare
