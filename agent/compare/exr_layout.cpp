#include "agent/compare/exr_layout.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string_view>

#include "agent/compare/bounds.h"
#include "agent/compare/picture.h"

namespace reeve::agent::compare {
namespace {

constexpr std::size_t kNameBytes = 255;
constexpr std::uint32_t kTiled = 0x200;
constexpr std::uint32_t kLongNames = 0x400;
constexpr std::uint8_t kCompressions = 10;

/// Reads little-endian values and strings; once something is missing, everything after is too.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }

  ByteView take(std::size_t count) {
    if (!ok_ || count > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  std::uint32_t u32() {
    const ByteView four = take(4);
    if (!ok_) return 0;
    return four[0] | std::uint32_t{four[1]} << 8 | std::uint32_t{four[2]} << 16 |
           std::uint32_t{four[3]} << 24;
  }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  std::uint8_t u8() {
    const ByteView one = take(1);
    return ok_ ? one[0] : std::uint8_t{0};
  }
  std::string name() {
    std::string text;
    for (std::uint8_t c = u8(); ok_ && c != 0; c = u8()) {
      text.push_back(static_cast<char>(c));
      if (text.size() > kNameBytes) ok_ = false;
    }
    return text;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

Error damaged_exr(const std::string& what) {
  return damaged("OpenEXR: " + what);
}

Result<void> read_channels(Reader& reader, ExrLayout& layout) {
  for (std::string name = reader.name(); reader.ok() && !name.empty(); name = reader.name()) {
    const std::int32_t type = reader.i32();
    reader.take(4);  // pLinear, a hint to lossy compression, and three reserved bytes
    const std::int32_t step_x = reader.i32();
    const std::int32_t step_y = reader.i32();
    if (!reader.ok() || type < 0 || type > 2) return damaged_exr("a channel of no known type");
    if (step_x != 1 || step_y != 1) return beyond("OpenEXR: a channel with fewer samples than pixels");
    if (layout.channels.size() == kExrChannels)
      return beyond("OpenEXR: more than " + std::to_string(kExrChannels) + " channels");
    if (!layout.channels.empty() && layout.channels.back().name >= name)
      return damaged_exr("channels not in the order of their names");
    layout.channels.push_back({std::move(name), type});
  }
  return {};
}

Result<void> read_tiles(Reader& reader, ExrLayout& layout) {
  layout.tile_width = reader.u32();
  layout.tile_height = reader.u32();
  if ((reader.u8() & 0x0f) != 0) return beyond("OpenEXR: several levels of detail");
  if (layout.tile_width == 0 || layout.tile_height == 0) return damaged_exr("tiles without pixels");
  if (layout.tile_width > kPictureSide || layout.tile_height > kPictureSide)
    return beyond("OpenEXR: tiles larger than any picture");
  return {};
}

/// One attribute's value, of those that say how the pixels lie; all others are metadata.
Result<void> read_attribute(const std::string& name, Reader& value, ExrLayout& layout) {
  if (name == "channels") return read_channels(value, layout);
  if (name == "tiles") return read_tiles(value, layout);
  if (name == "compression") layout.compression = value.u8();
  if (name == "dataWindow" || name == "displayWindow")
    for (std::int32_t& side : name == "dataWindow" ? layout.data : layout.shown)
      side = value.i32();
  return {};
}

Result<void> read_attributes(Reader& reader, ExrLayout& layout) {
  std::set<std::string> seen;
  for (std::string name = reader.name(); !name.empty(); name = reader.name()) {
    reader.name();  // its type
    const std::int32_t size = reader.i32();
    if (!reader.ok() || size < 0) return damaged_exr("its header ends early");
    const ByteView bytes = reader.take(static_cast<std::size_t>(size));
    if (!reader.ok()) return damaged_exr("its header ends early, or has more than 16 MiB");
    if (!seen.insert(name).second) return damaged_exr("an attribute is there twice");
    Reader value(bytes);
    if (auto read = read_attribute(name, value, layout); !read) return read;
    if (!value.ok()) return damaged_exr("an attribute is too short");
  }
  if (!reader.ok()) return damaged_exr("its header ends early");
  for (const char* needed : {"channels", "compression", "dataWindow", "displayWindow"})
    if (!seen.contains(needed)) return damaged_exr(std::string("it lacks the attribute ") + needed);
  if (layout.tiled && !seen.contains("tiles")) return damaged_exr("it lacks the attribute tiles");
  return {};
}

Result<void> check_sizes(const ExrLayout& layout) {
  if (layout.channels.empty()) return damaged_exr("no channels");
  if (layout.compression >= kCompressions) return beyond("OpenEXR: a compression unknown here");
  constexpr std::int32_t kFar = 1 << 28;  // beyond which the library's own sums could overflow
  for (const std::int32_t side : layout.data)
    if (side < -kFar || side > kFar) return beyond("OpenEXR: a window far away");
  if (layout.data[2] < layout.data[0] || layout.data[3] < layout.data[1])
    return damaged_exr("a window without pixels");
  return fits_bounds(layout.width(), layout.height(), layout.pixel_bytes(), kPictureBytes);
}

}  // namespace

std::uint64_t ExrLayout::pixel_bytes() const {
  std::uint64_t bytes = 0;
  for (const ExrChannel& channel : channels)
    bytes += channel.type == 1 ? 2 : 4;
  return bytes;
}

Result<ExrLayout> read_exr_layout(ByteView file) {
  Reader reader(file.first(std::min(file.size(), kExrHeaderBytes)));
  reader.u32();  // the magic number
  const std::uint32_t version = reader.u32();
  if (!reader.ok() || (version & 0xff) != 2) return damaged_exr("no version 2");
  if ((version & ~(kTiled | kLongNames)) != 2) return beyond("OpenEXR: several parts or deep pixels");
  ExrLayout layout;
  layout.tiled = (version & kTiled) != 0;
  if (auto read = read_attributes(reader, layout); !read) return read.error();
  if (auto fits = check_sizes(layout); !fits) return fits.error();
  layout.table_begin = reader.at();
  return layout;
}

}  // namespace reeve::agent::compare
