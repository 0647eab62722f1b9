#pragma once

#include "agent/compare/picture.h"

namespace reeve::agent::compare {

/// The mean structural similarity of one channel over all places where the window fits.
///
/// window  Gaussian of 11 x 11 pixels, sigma 1.5, weights that add up to 1; on a side below 11 it has that
/// side peak    the range of a sample: 255, 65535, or 1 for floats Samples that are no finite numbers count
/// as 0: the caller has held their bits against one another. Source: Wang, Bovik, Sheikh, Simoncelli, "Image
/// Quality Assessment: From Error Visibility to Structural Similarity", IEEE Transactions on Image Processing
/// 13 (4), 2004; K1 = 0.01, K2 = 0.03.
double mean_ssim(const Picture& a, const Channel& in_a, const Picture& b, const Channel& in_b, double peak);

}  // namespace reeve::agent::compare
