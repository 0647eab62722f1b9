#include "client/scene/texture_decode.h"

// libjpeg's header needs stdio's FILE before it.
#include <cstdio>
//
#include <jpeglib.h>
#include <png.h>

#include <array>
#include <csetjmp>
#include <cstring>

namespace reeve::client {
namespace {

constexpr std::array<unsigned char, 4> kPngMagic = {0x89, 'P', 'N', 'G'};
constexpr std::array<unsigned char, 3> kJpegMagic = {0xFF, 0xD8, 0xFF};

template <std::size_t n>
bool starts_with(std::span<const std::byte> bytes, const std::array<unsigned char, n>& magic) {
  return bytes.size() >= n && std::memcmp(bytes.data(), magic.data(), n) == 0;
}

Error broken(const std::string& name, const char* why) {
  return {ErrorCode::kInvalid, "texture " + name + " cannot be decoded: " + why,
          "export the scene's textures again"};
}

Error too_large(const std::string& name, std::uint64_t width, std::uint64_t height, std::uint32_t bound) {
  return {ErrorCode::kInvalid,
          "texture " + name + " has " + std::to_string(width) + "x" + std::to_string(height) + " pixels",
          "scale it to at most " + std::to_string(bound) + " a side"};
}

Result<kernels::Texture> decode_png(std::span<const std::byte> bytes, const std::string& name,
                                    std::uint32_t max_side_pixels) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&header, bytes.data(), bytes.size()) == 0)
    return broken(name, header.message);
  if (header.width > max_side_pixels || header.height > max_side_pixels) {
    const Error error = too_large(name, header.width, header.height, max_side_pixels);
    png_image_free(&header);
    return error;
  }
  header.format = PNG_FORMAT_RGBA;
  kernels::Texture texture;
  texture.width = header.width;
  texture.height = header.height;
  texture.rgba.resize(PNG_IMAGE_SIZE(header));
  if (png_image_finish_read(&header, nullptr, texture.rgba.data(), 0, nullptr) == 0)
    return broken(name, header.message);
  return texture;
}

/// libjpeg reports errors by a jump: everything that must be destroyed lives outside of the jumping function.
struct JpegReader {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf recover{};
  std::array<char, JMSG_LENGTH_MAX> message{};
  std::vector<std::uint8_t> row;
  kernels::Texture texture;
};

void fail_jpeg(j_common_ptr info) {
  auto* reader = static_cast<JpegReader*>(info->client_data);
  info->err->format_message(info, reader->message.data());
  std::longjmp(reader->recover, 1);
}

void ignore_warning(j_common_ptr /*info*/) {}

/// Returns false after an error (its text is in `message`) or when a side exceeds the bound (no text).
bool run_jpeg(JpegReader& reader, std::span<const std::byte> bytes, std::uint32_t max_side_pixels) {
  jpeg_decompress_struct& info = reader.info;
  if (setjmp(reader.recover) != 0) return false;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  reader.texture.width = info.image_width;
  reader.texture.height = info.image_height;
  if (info.image_width > max_side_pixels || info.image_height > max_side_pixels) return false;
  info.out_color_space = JCS_RGB;
  info.dct_method = JDCT_ISLOW;  // the one method whose bits do not depend on the processor
  jpeg_start_decompress(&info);
  reader.row.resize(std::size_t{info.output_width} * 3);
  reader.texture.rgba.reserve(std::size_t{info.output_width} * info.output_height * 4);
  while (info.output_scanline < info.output_height) {
    unsigned char* row = reader.row.data();
    jpeg_read_scanlines(&info, &row, 1);
    for (std::size_t i = 0; i < reader.row.size(); i += 3) {
      const std::uint8_t texel[] = {reader.row[i], reader.row[i + 1], reader.row[i + 2], 255};
      reader.texture.rgba.insert(reader.texture.rgba.end(), std::begin(texel), std::end(texel));
    }
  }
  jpeg_finish_decompress(&info);
  return true;
}

Result<kernels::Texture> decode_jpeg(std::span<const std::byte> bytes, const std::string& name,
                                     std::uint32_t max_side_pixels) {
  JpegReader reader;
  reader.info.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = fail_jpeg;
  reader.errors.output_message = ignore_warning;
  reader.info.client_data = &reader;
  const bool read = run_jpeg(reader, bytes, max_side_pixels);
  jpeg_destroy_decompress(&reader.info);
  if (read) return std::move(reader.texture);
  if (reader.message[0] != '\0') return broken(name, reader.message.data());
  return too_large(name, reader.texture.width, reader.texture.height, max_side_pixels);
}

}  // namespace

Result<kernels::Texture> decode_texture(std::span<const std::byte> bytes, const std::string& name,
                                        std::uint32_t max_side_pixels) {
  if (starts_with(bytes, kPngMagic)) return decode_png(bytes, name, max_side_pixels);
  if (starts_with(bytes, kJpegMagic)) return decode_jpeg(bytes, name, max_side_pixels);
  return Error{ErrorCode::kInvalid, "texture " + name + " is neither PNG nor JPEG",
               "convert it to PNG or JPEG and export the scene again"};
}

}  // namespace reeve::client
