#include "client/image/crops.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "client/image/raw_png.h"

namespace reeve::client {
namespace {

constexpr std::string_view kMark = ".crop_";
constexpr std::string_view kEnding = ".png";

/// Reads a number of at most kRawPictureSide and the text behind it.
bool take(std::string_view& text, std::uint32_t& value, std::string_view behind) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value > kRawPictureSide) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.starts_with(behind)) return false;
  text.remove_prefix(behind.size());
  return true;
}

Error unfit(const std::filesystem::path& file, const std::string& why) {
  return {ErrorCode::kCorrupt, file.string() + " is no part of its frame: " + why,
          "the parts are left as they are; did each come from the same build of the renderer?"};
}

void copy_part(const RawPicture& from, const CropName& part, RawPicture& frame) {
  const bool whole = from.width == part.width && from.height == part.height;
  const std::size_t bytes = std::size_t{part.rect.width} * frame.pixel_bytes;
  for (std::uint32_t row = 0; row < part.rect.height; ++row) {
    const std::size_t y = part.rect.y + row;
    const std::size_t source = whole ? (y * from.width + part.rect.x) * frame.pixel_bytes
                                     : row * std::size_t{from.width} * frame.pixel_bytes;
    std::memcpy(frame.samples.data() + (y * frame.width + part.rect.x) * frame.pixel_bytes,
                from.samples.data() + source, bytes);
  }
}

bool overlap(const PixelRect& a, const PixelRect& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

}  // namespace

std::optional<CropName> parse_crop_name(const std::string& file_name) {
  const std::size_t mark = file_name.find(kMark);
  if (mark == std::string::npos || mark == 0) return std::nullopt;
  CropName name;
  name.frame = file_name.substr(0, mark) + std::string(kEnding);
  std::string_view text = std::string_view(file_name).substr(mark + kMark.size());
  const bool good = take(text, name.rect.width, "x") && take(text, name.rect.height, "+") &&
                    take(text, name.rect.x, "+") && take(text, name.rect.y, "_of_") &&
                    take(text, name.width, "x") && take(text, name.height, kEnding) && text.empty();
  if (!good || name.rect.width == 0 || name.rect.height == 0) return std::nullopt;
  if (name.rect.x + name.rect.width > name.width || name.rect.y + name.rect.height > name.height)
    return std::nullopt;
  return name;
}

Result<bool> CropJoiner::add(const std::filesystem::path& file) {
  const auto name = parse_crop_name(file.filename().string());
  if (!name) return false;
  const std::filesystem::path path = file.parent_path() / name->frame;
  Frame& frame = open_[path];
  for (const Part& other : frame.parts) {
    if (other.name.width != name->width || other.name.height != name->height)
      return unfit(file, "another says another size of the frame");
    if (overlap(other.name.rect, name->rect)) return unfit(file, "it overlaps another");
  }
  frame.parts.push_back({file, *name});
  frame.pixels += std::uint64_t{name->rect.width} * name->rect.height;
  if (frame.pixels < std::uint64_t{name->width} * name->height) return false;
  const std::vector<Part> parts = std::move(frame.parts);
  open_.erase(path);
  if (auto joined = join(path, parts); !joined) return joined.error();
  return true;
}

Result<void> CropJoiner::join(const std::filesystem::path& path, const std::vector<Part>& parts) {
  RawPicture whole;
  for (const Part& part : parts) {
    const auto picture = read_raw_png(part.file);
    if (!picture) return picture.error();
    const bool alone = picture->width == part.name.rect.width && picture->height == part.name.rect.height;
    const bool full = picture->width == part.name.width && picture->height == part.name.height;
    if (!alone && !full) return unfit(part.file, "its picture has another size than its name says");
    if (whole.samples.empty()) {
      whole = *picture;
      whole.width = part.name.width;
      whole.height = part.name.height;
      if (std::uint64_t{whole.width} * whole.height > kRawPicturePixels)
        return Error{ErrorCode::kExhausted, path.string() + " would have more than 2^28 pixels",
                     "the parts are left as they are"};
      whole.samples.assign(std::size_t{whole.width} * whole.height * whole.pixel_bytes, 0);
    }
    if (picture->bit_depth != whole.bit_depth || picture->colour_type != whole.colour_type)
      return unfit(part.file, "its samples are of another kind");
    copy_part(*picture, part.name, whole);
  }
  if (auto written = write_raw_png(path, whole); !written) return written;
  std::error_code ignored;
  for (const Part& part : parts)
    std::filesystem::remove(part.file, ignored);
  return {};
}

}  // namespace reeve::client
