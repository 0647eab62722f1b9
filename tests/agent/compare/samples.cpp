#include "tests/agent/compare/samples.h"

#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
// needs what stands above
#include <jpeglib.h>
#include <zlib.h>

#include <random>

#include "protocol/check.h"

namespace reeve::samples {
namespace {

void append(png_structp png, png_bytep data, std::size_t size) {
  auto* out = static_cast<Bytes*>(png_get_io_ptr(png));
  out->insert(out->end(), data, data + size);
}

void set_palette(png_structp png, png_infop info, const PngForm& form) {
  std::vector<png_color> colours;
  for (std::size_t i = 0; i + 2 < form.palette.size(); i += 3)
    colours.push_back({form.palette[i], form.palette[i + 1], form.palette[i + 2]});
  if (!colours.empty()) png_set_PLTE(png, info, colours.data(), static_cast<int>(colours.size()));
  if (!form.transparent.empty())
    png_set_tRNS(png, info, form.transparent.data(), static_cast<int>(form.transparent.size()), nullptr);
}

void set_text(png_structp png, png_infop info, const std::string& text) {
  if (text.empty()) return;
  std::string key = "Software";
  std::string copy = text;
  png_text entry{};
  entry.compression = PNG_TEXT_COMPRESSION_NONE;
  entry.key = key.data();
  entry.text = copy.data();
  png_set_text(png, info, &entry, 1);
}

}  // namespace

Bytes joined(Bytes one, const Bytes& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

Bytes noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  Bytes out(bytes);
  for (auto& byte : out)
    byte = static_cast<std::uint8_t>(random());
  return out;
}

Bytes png(const PngForm& form, const Bytes& rows) {
  Bytes out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  REEVE_CHECK(setjmp(png_jmpbuf(png)) == 0, "a sample can be written");
  png_set_write_fn(png, &out, append, nullptr);
  png_set_compression_level(png, form.level);
  png_set_IHDR(png, info, form.width, form.height, form.bit_depth, form.color_type,
               form.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  set_palette(png, info, form);
  set_text(png, info, form.text);
  png_write_info(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  REEVE_CHECK(rows.size() == row_bytes * form.height, "a sample's rows add up");
  std::vector<png_bytep> pointers;
  for (std::size_t y = 0; y < form.height; ++y)
    pointers.push_back(const_cast<png_bytep>(rows.data()) + y * row_bytes);  // libpng only reads them
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

Bytes png_chunk(const std::string& type, const Bytes& data) {
  const auto big = [](std::uint32_t value) {
    return Bytes{static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                 static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  };
  const Bytes named = joined({type.begin(), type.end()}, data);
  const uLong sum = crc32(0, named.data(), static_cast<uInt>(named.size()));
  return joined(joined(big(static_cast<std::uint32_t>(data.size())), named),
                big(static_cast<std::uint32_t>(sum)));
}

Bytes jpeg(std::uint32_t width, std::uint32_t height, const Bytes& rgb, int quality, bool progressive,
           const std::string& comment) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);  // whose handler ends the program: a sample that cannot be written
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  if (!comment.empty())
    jpeg_write_marker(&info, JPEG_COM, reinterpret_cast<const JOCTET*>(comment.data()),
                      static_cast<unsigned>(comment.size()));
  while (info.next_scanline < height) {
    JSAMPROW row = const_cast<JSAMPROW>(rgb.data()) + std::size_t{info.next_scanline} * width * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  Bytes out(memory, memory + size);
  std::free(memory);
  return out;
}

Bytes npy(const std::string& header, const Bytes& data, int version) {
  Bytes out = {0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<std::uint8_t>(version), 0};
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  for (std::size_t i = 0; i < length_bytes; ++i)
    out.push_back(static_cast<std::uint8_t>(header.size() >> (8 * i)));
  return joined(joined(std::move(out), {header.begin(), header.end()}), data);
}

Bytes npy_of(const std::string& descr, const std::string& shape, const Bytes& data, bool fortran_order) {
  return npy("{'descr': '" + descr + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                 ", 'shape': (" + shape + "), }          \n",
             data);
}

Bytes safetensors(const std::string& header, const Bytes& data) {
  Bytes out;
  for (std::size_t i = 0; i < 8; ++i)
    out.push_back(static_cast<std::uint8_t>(std::uint64_t{header.size()} >> (8 * i)));
  return joined(joined(std::move(out), {header.begin(), header.end()}), data);
}

}  // namespace reeve::samples
