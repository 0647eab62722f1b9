#include "tests/adversary/darken.h"

#include <png.h>

#include <algorithm>

#include "protocol/bundle.h"

namespace reeve::adversary {
namespace {

/// Of at most 8 bits a sample. Nothing for what is no PNG.
std::optional<Bytes> darken_png(ByteView file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0) return std::nullopt;
  image.format &= PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA;
  Bytes samples(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, samples.data(), 0, nullptr) == 0) return std::nullopt;
  const std::size_t channels = PNG_IMAGE_SAMPLE_CHANNELS(image.format);
  const bool alpha = (image.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  for (std::size_t i = 0; i < samples.size(); ++i)
    if (!alpha || i % channels + 1 != channels) samples[i] = static_cast<std::uint8_t>(samples[i] * 3 / 4);
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  Bytes out(size);
  if (png_image_write_to_memory(&image, out.data(), &size, 0, samples.data(), 0, nullptr) == 0)
    return std::nullopt;
  out.resize(size);
  return out;
}

}  // namespace

std::optional<Bytes> darken_pictures(ByteView bundle) {
  if (bundle.size() < kBundlePrefixBytes) return std::nullopt;
  const auto head = bundle_head_bytes(bundle.first(kBundlePrefixBytes));
  if (!head || *head > bundle.size()) return std::nullopt;
  auto index = decode_bundle_index(bundle.first(*head), bundle.size());
  if (!index) return std::nullopt;
  Bytes data;
  bool any = false;
  std::size_t at = index->data_begin;
  for (BundleFile& file : index->files) {
    const ByteView content = bundle.subspan(at, file.size_bytes);
    at += content.size();
    const auto darker = darken_png(content);
    any = any || darker;
    if (darker)
      data.insert(data.end(), darker->begin(), darker->end());
    else
      data.insert(data.end(), content.begin(), content.end());
    if (darker) file.size_bytes = darker->size();
  }
  auto made = encode_bundle_index(index->files);
  if (!any || !made) return std::nullopt;
  made->insert(made->end(), data.begin(), data.end());
  return std::move(made).value();
}

}  // namespace reeve::adversary
