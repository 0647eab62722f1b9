#include "client/image/png_file.h"

#include <png.h>

#include <string>

namespace reeve::client {
namespace {

Error png_error(const char* verb, const std::filesystem::path& path, const png_image& image) {
  return {ErrorCode::kIo, std::string("cannot ") + verb + " " + path.string() + ": " + image.message,
          "is its folder there, may this user use it, and is there room on the disk?"};
}

}  // namespace

Result<void> write_png(const std::filesystem::path& path, const DisplayImage& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = image.width;
  header.height = image.height;
  header.format = PNG_FORMAT_RGB;
  if (png_image_write_to_file(&header, path.c_str(), 0, image.rgb.data(), 0, nullptr) == 0) {
    return png_error("write", path, header);
  }
  return {};
}

Result<DisplayImage> read_png(const std::filesystem::path& path, std::uint32_t max_side_pixels) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&header, path.c_str()) == 0) return png_error("read", path, header);
  if (header.width > max_side_pixels || header.height > max_side_pixels) {
    const std::string size = std::to_string(header.width) + "x" + std::to_string(header.height);
    png_image_free(&header);
    return Error{ErrorCode::kInvalid, path.string() + " has " + size + " pixels",
                 "the most is " + std::to_string(max_side_pixels) + " a side"};
  }
  header.format = PNG_FORMAT_RGB;
  DisplayImage image(header.width, header.height);
  const png_color ground = {0, 0, 0};
  if (png_image_finish_read(&header, &ground, image.rgb.data(), 0, nullptr) == 0) {
    return png_error("read", path, header);
  }
  return image;
}

}  // namespace reeve::client
