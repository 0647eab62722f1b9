#include "client/image/exr_file.h"

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfInputFile.h>
#include <ImfOutputFile.h>

#include <algorithm>
#include <exception>
#include <string>

namespace reeve::client {
namespace {

constexpr int kMaxSidePixels = 1 << 14;
constexpr const char* kChannels[] = {"R", "G", "B"};

Error exr_error(const char* verb, const std::filesystem::path& path, const char* why) {
  return {ErrorCode::kIo, std::string("cannot ") + verb + " " + path.string() + ": " + why,
          "is its folder there, may this user use it, and is there room on the disk?"};
}

/// `parts` holds interleaved R, G and B.
template <class T>
Imf::FrameBuffer frame_of(T* parts, std::uint32_t width, Imf::PixelType type) {
  Imf::FrameBuffer frame;
  for (std::size_t i = 0; i < 3; ++i) {
    frame.insert(kChannels[i],
                 Imf::Slice(type, reinterpret_cast<char*>(parts + i), 3 * sizeof(T), 3 * sizeof(T) * width));
  }
  return frame;
}

}  // namespace

Result<void> write_exr(const std::filesystem::path& path, const LinearImage& image, ExrDepth depth) {
  try {
    const Imf::PixelType type = depth == ExrDepth::kHalf ? Imf::HALF : Imf::FLOAT;
    Imf::Header header(static_cast<int>(image.width), static_cast<int>(image.height));
    header.compression() = Imf::ZIP_COMPRESSION;
    for (const char* channel : kChannels)
      header.channels().insert(channel, Imf::Channel(type));
    Imf::OutputFile file(path.c_str(), header);
    // The library takes pixels as mutable and only reads them.
    std::vector<float> floats = image.rgb;
    std::vector<half> halves;
    if (depth == ExrDepth::kHalf) {
      for (const float part : floats)
        halves.emplace_back(
            std::min(part, static_cast<float>(HALF_MAX)));  // beyond it a half would be infinite
      file.setFrameBuffer(frame_of(halves.data(), image.width, type));
    } else {
      file.setFrameBuffer(frame_of(floats.data(), image.width, type));
    }
    file.writePixels(static_cast<int>(image.height));
  } catch (const std::exception& failure) {
    return exr_error("write", path, failure.what());
  }
  return {};
}

Result<LinearImage> read_exr(const std::filesystem::path& path) {
  try {
    Imf::InputFile file(path.c_str());
    const auto window = file.header().dataWindow();
    const int width = window.max.x - window.min.x + 1;
    const int height = window.max.y - window.min.y + 1;
    if (width > kMaxSidePixels || height > kMaxSidePixels || window.min.x != 0 || window.min.y != 0) {
      return exr_error("read", path, "its pixels exceed the bound or do not start at (0, 0)");
    }
    for (const char* channel : kChannels) {
      if (file.header().channels().findChannel(channel) == nullptr)
        return exr_error("read", path, "it lacks R, G or B");
    }
    LinearImage image(static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height));
    file.setFrameBuffer(frame_of(image.rgb.data(), image.width, Imf::FLOAT));
    file.readPixels(0, height - 1);
    return image;
  } catch (const std::exception& failure) {
    return exr_error("read", path, failure.what());
  }
}

}  // namespace reeve::client
