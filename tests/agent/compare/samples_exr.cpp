#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfOutputFile.h>
#include <ImfStandardAttributes.h>
#include <ImfTiledOutputFile.h>

#include <algorithm>
#include <list>

#include "tests/agent/compare/samples.h"

namespace reeve::samples {
namespace {

class MemoryOut : public Imf::OStream {
 public:
  MemoryOut() : OStream("a sample") {}
  void write(const char data[], int count) override {
    const auto size = static_cast<std::size_t>(count);
    if (bytes.size() < at_ + size) bytes.resize(at_ + size);
    std::copy(data, data + size, bytes.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += size;
  }
  std::uint64_t tellp() override { return at_; }
  void seekp(std::uint64_t place) override { at_ = place; }
  Bytes bytes;

 private:
  std::size_t at_ = 0;
};

/// The channel's values in the type that it is written in.
Bytes converted(const ExrChannelForm& channel) {
  if (channel.type == 2) return bytes_of(channel.values);
  if (channel.type == 0)
    return bytes_of(std::vector<std::uint32_t>(channel.values.begin(), channel.values.end()));
  return bytes_of(std::vector<half>(channel.values.begin(), channel.values.end()));
}

}  // namespace

std::vector<float> ramp(int width, int height) {
  std::vector<float> values;
  for (int i = 0; i < width * height; ++i)
    values.push_back(static_cast<float>((i * 37) % 251) / 251.0F);
  return values;
}

Bytes exr(const ExrForm& form, const std::vector<ExrChannelForm>& channels) {
  Imf::Header header(form.width, form.height);
  auto& window = header.dataWindow();
  window.min = Imath::V2i(form.first_x, form.first_y);
  window.max = Imath::V2i(form.first_x + form.width - 1, form.first_y + form.height - 1);
  header.compression() = static_cast<Imf::Compression>(form.compression);
  if (!form.owner.empty()) Imf::addOwner(header, form.owner);
  Imf::FrameBuffer frame;
  std::list<Bytes> planes;
  for (const ExrChannelForm& channel : channels) {
    const auto type = static_cast<Imf::PixelType>(channel.type);
    const std::size_t step = channel.type == 1 ? 2 : 4;
    header.channels().insert(channel.name, Imf::Channel(type));
    planes.push_back(converted(channel));
    char* origin = reinterpret_cast<char*>(planes.back().data());
    origin -= (static_cast<std::ptrdiff_t>(form.first_y) * form.width + form.first_x) *
              static_cast<std::ptrdiff_t>(step);
    frame.insert(channel.name, Imf::Slice(type, origin, step, step * static_cast<std::size_t>(form.width)));
  }
  MemoryOut out;
  if (form.tile > 0) {
    const auto tile = static_cast<unsigned>(form.tile);
    header.setTileDescription({tile, tile, form.mips ? Imf::MIPMAP_LEVELS : Imf::ONE_LEVEL});
    Imf::TiledOutputFile file(out, header);
    file.setFrameBuffer(frame);
    file.writeTiles(0, file.numXTiles() - 1, 0, file.numYTiles() - 1);
  } else {
    Imf::OutputFile file(out, header);
    file.setFrameBuffer(frame);
    file.writePixels(form.height);
  }
  return out.bytes;
}

}  // namespace reeve::samples
