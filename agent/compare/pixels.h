#pragma once

#include <string>

#include "agent/compare/picture.h"
#include "agent/compare/verdict.h"
#include "protocol/comparison.h"

namespace reeve::agent::compare {

/// How two pictures differ in size, place, channels or depth; empty where they do not.
std::string shapes_differ(const Picture& a, const Picture& b);

/// `pixels`: same shape, and every sample has the same bits.
Verdict compare_pixels(const Picture& a, const Picture& b);

/// `image`: same shape, and per layer at least the PSNR and SSIM that `how` asks for.
Verdict compare_quality(const Picture& a, const Picture& b, const Comparison& how);

}  // namespace reeve::agent::compare
