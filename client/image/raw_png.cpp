// libpng's errors come by longjmp, so a function that sets one up holds nothing that would have to be
// destroyed.

#include "client/image/raw_png.h"

#include <png.h>

#include <csetjmp>
#include <cstdio>

namespace reeve::client {
namespace {

struct Stream {
  std::FILE* file = nullptr;
  png_structp png = nullptr;
  png_infop info = nullptr;
  bool writes = false;
  std::string message;
  std::vector<png_bytep> rows;

  Stream(const std::filesystem::path& path, bool for_writing)
      : file(std::fopen(path.c_str(), for_writing ? "wbe" : "rbe")), writes(for_writing) {}
  ~Stream() {
    if (writes)
      png_destroy_write_struct(&png, &info);
    else
      png_destroy_read_struct(&png, &info, nullptr);
    if (file != nullptr) std::fclose(file);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

[[noreturn]] void keep_message(png_structp png, png_const_charp message) {
  static_cast<Stream*>(png_get_error_ptr(png))->message = message;
  png_longjmp(png, 1);
}
void drop_message(png_structp /*png*/, png_const_charp /*message*/) {}

bool begin(Stream& stream) {
  const auto create = stream.writes ? png_create_write_struct : png_create_read_struct;
  stream.png = create(PNG_LIBPNG_VER_STRING, &stream, keep_message, drop_message);
  if (stream.png == nullptr) return false;
  if (setjmp(png_jmpbuf(stream.png)) != 0) return false;
  stream.info = png_create_info_struct(stream.png);
  if (stream.info == nullptr) return false;
  png_init_io(stream.png, stream.file);
  if (stream.writes) return true;
  png_set_user_limits(stream.png, kRawPictureSide, kRawPictureSide);
  png_read_info(stream.png, stream.info);
  png_set_interlace_handling(stream.png);
  png_read_update_info(stream.png, stream.info);
  return true;
}

bool read_rows(Stream& stream) {
  if (setjmp(png_jmpbuf(stream.png)) != 0) return false;
  png_read_image(stream.png, stream.rows.data());
  png_read_end(stream.png, nullptr);
  return true;
}

bool write_all(Stream& stream, const RawPicture& picture) {
  if (setjmp(png_jmpbuf(stream.png)) != 0) return false;
  png_set_IHDR(stream.png, stream.info, picture.width, picture.height, picture.bit_depth, picture.colour_type,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (picture.gamma != 0)
    png_set_gAMA_fixed(stream.png, stream.info, static_cast<png_fixed_point>(picture.gamma));
  png_write_info(stream.png, stream.info);
  png_write_image(stream.png, stream.rows.data());
  png_write_end(stream.png, nullptr);
  return std::fflush(stream.file) == 0;
}

void point_at_rows(Stream& stream, const RawPicture& picture) {
  const std::size_t row_bytes = std::size_t{picture.width} * picture.pixel_bytes;
  for (std::uint32_t y = 0; y < picture.height; ++y)
    stream.rows.push_back(const_cast<png_bytep>(picture.samples.data() + y * row_bytes));
}

Error damaged(const std::filesystem::path& path, const std::string& why) {
  return {ErrorCode::kCorrupt, path.string() + " cannot be read as a PNG: " + why, "fetch it again"};
}

Result<RawPicture> shape_of(const Stream& stream, const std::filesystem::path& path) {
  RawPicture picture;
  picture.width = png_get_image_width(stream.png, stream.info);
  picture.height = png_get_image_height(stream.png, stream.info);
  picture.bit_depth = png_get_bit_depth(stream.png, stream.info);
  picture.colour_type = png_get_color_type(stream.png, stream.info);
  if (picture.bit_depth < 8 || picture.colour_type == PNG_COLOR_TYPE_PALETTE)
    return Error{ErrorCode::kInvalid, path.string() + " has a palette or less than 8 bits a sample",
                 "write PNG files of 8 or 16 bits a channel"};
  if (std::uint64_t{picture.width} * picture.height > kRawPicturePixels)
    return Error{ErrorCode::kExhausted, path.string() + " has more than 2^28 pixels",
                 "render smaller frames"};
  const int channels = png_get_channels(stream.png, stream.info);
  picture.pixel_bytes = static_cast<std::uint32_t>(channels * picture.bit_depth / 8);
  png_fixed_point gamma = 0;
  if (png_get_gAMA_fixed(stream.png, stream.info, &gamma) != 0 && gamma > 0)
    picture.gamma = static_cast<std::uint32_t>(gamma);
  return picture;
}

}  // namespace

Result<RawPicture> read_raw_png(const std::filesystem::path& path) {
  Stream stream(path, false);
  if (stream.file == nullptr)
    return Error{ErrorCode::kIo, "cannot read " + path.string(), "check the file and its permissions"};
  if (!begin(stream)) return damaged(path, stream.message);
  auto picture = shape_of(stream, path);
  if (!picture) return picture.error();
  picture->samples.resize(std::size_t{picture->width} * picture->height * picture->pixel_bytes);
  point_at_rows(stream, *picture);
  if (!read_rows(stream)) return damaged(path, stream.message);
  return picture;
}

Result<void> write_raw_png(const std::filesystem::path& path, const RawPicture& picture) {
  Stream stream(path, true);
  const auto failed = [&path](const std::string& why) {
    return Error{ErrorCode::kIo, "cannot write " + path.string() + (why.empty() ? "" : ": ") + why,
                 "is its folder there, may this user use it, and is there room on the disk?"};
  };
  if (stream.file == nullptr) return failed("");
  point_at_rows(stream, picture);
  if (!begin(stream) || !write_all(stream, picture)) return failed(stream.message);
  return {};
}

}  // namespace reeve::client
