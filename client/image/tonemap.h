#pragma once

#include "client/image/image.h"

namespace reeve::client {

/// Encodes one linear part in [0, 1] as 8-bit sRGB, rounded to nearest; what lies outside, NaN included, is
/// clamped. Source: IEC 61966-2-1.
std::uint8_t encode_srgb(float linear);

/// Bends radiance in [0, ∞) into [0, 1): dark tones stay as they are, highlights roll off as on film.
/// Source: the rational fit of the ACES tone curve by K. Narkowicz (2016), scaled so that 0.18 stays 0.18.
float filmic(float linear);

/// Turns radiance into what a screen shows: exposure, filmic curve, sRGB.
///   in   [height, width, 3] f32, linear
///   out  [height, width, 3] u8, sRGB
/// exposure_stops  each adds a doubling of light
DisplayImage tonemap(const LinearImage& image, float exposure_stops = 0);

}  // namespace reeve::client
