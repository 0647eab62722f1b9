#include "client/image/tonemap.h"

#include <cmath>

namespace reeve::client {
namespace {

float narkowicz(float x) {
  return x * (2.51F * x + 0.03F) / (x * (2.43F * x + 0.59F) + 0.14F);
}

/// The input at which the curve gives 0.18: middle grey keeps its place.
constexpr float kGreyScale = 0.7231708F;

}  // namespace

std::uint8_t encode_srgb(float linear) {
  if (!(linear > 0)) return 0;
  if (linear >= 1) return 255;
  const float encoded = linear <= 0.0031308F ? 12.92F * linear : 1.055F * std::pow(linear, 1 / 2.4F) - 0.055F;
  return static_cast<std::uint8_t>(std::lround(encoded * 255));
}

float filmic(float linear) {
  if (!(linear > 0)) return 0;
  // Beyond this the curve is flat, and its terms would overflow.
  const float bounded = linear < 1e6F ? linear : 1e6F;
  const float bent = narkowicz(bounded * kGreyScale);
  return bent < 1 ? bent : 1;
}

DisplayImage tonemap(const LinearImage& image, float exposure_stops) {
  DisplayImage shown(image.width, image.height);
  const float gain = std::exp2(exposure_stops);
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    shown.rgb[i] = encode_srgb(filmic(image.rgb[i] * gain));
  return shown;
}

}  // namespace reeve::client
