#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "agent/compare/pixels.h"
#include "agent/compare/ssim.h"

namespace reeve::agent::compare {
namespace {

/// What counts as the whole range of a sample. Floats: scene-linear white, never what a picture itself
/// contains: one enormous pixel would raise the bound for all others.
double peak_of(Sample type) {
  if (type == Sample::kU8) return 255;
  return type == Sample::kU16 ? 65535 : 1;
}

/// Channels by layer: what stands before the last dot of their names, so that a wrong picture is not averaged
/// away among many right ones.
std::map<std::string, std::vector<std::size_t>> layers_of(const Picture& picture) {
  std::map<std::string, std::vector<std::size_t>> layers;
  for (std::size_t c = 0; c < picture.channels.size(); ++c) {
    const std::string& name = picture.channels[c].name;
    const std::size_t dot = name.rfind('.');
    layers[dot == std::string::npos ? "" : name.substr(0, dot)].push_back(c);
  }
  return layers;
}

std::string place_of(const Picture& picture, std::uint64_t pixel, const Channel& channel) {
  return "at (" + std::to_string(pixel % picture.width) + ", " + std::to_string(pixel / picture.width) +
         ") in " + one_line(channel.name, 64);
}

/// Squared differences of one channel, where the peak is 1; or why the pictures differ at once.
struct Error2 {
  double sum = 0;
  std::optional<std::string> differs;
};

Error2 squared_error(const Picture& a, const Channel& in_a, const Picture& b, const Channel& in_b) {
  const double peak = peak_of(in_a.type);
  Error2 error;
  for (std::uint64_t pixel = 0; pixel < a.pixels(); ++pixel) {
    if (a.bits(in_a, pixel) == b.bits(in_b, pixel)) continue;
    if (in_a.type == Sample::kU32) {
      error.differs = "integers differ " + place_of(a, pixel, in_a);
      return error;
    }
    const double va = a.value(in_a, pixel);
    const double vb = b.value(in_b, pixel);
    if (!std::isfinite(va) || !std::isfinite(vb)) {
      error.differs =
          "one sample is no finite number, and the other is not the same, " + place_of(a, pixel, in_a);
      return error;
    }
    error.sum += (va - vb) * (va - vb);  // of integers: without rounding up to 2^53
  }
  error.sum /= peak * peak;
  return error;
}

struct Quality {
  double psnr_db = INFINITY;  // of the worst layer
  double ssim = 1;
  std::optional<std::string> differs;
};

void measure_layer(const Picture& a, const Picture& b, const std::vector<std::size_t>& layer, bool with_ssim,
                   Quality& quality) {
  double squares = 0;
  double similarities = 0;
  for (const std::size_t c : layer) {
    const Channel& in_a = a.channels[c];
    const Channel& in_b = b.channels[c];
    Error2 error = squared_error(a, in_a, b, in_b);
    if (error.differs) {
      quality.differs = std::move(error.differs);
      return;
    }
    squares += error.sum;
    if (with_ssim) similarities += error.sum == 0 ? 1 : mean_ssim(a, in_a, b, in_b, peak_of(in_a.type));
  }
  const double samples = static_cast<double>(a.pixels()) * static_cast<double>(layer.size());
  if (squares > 0) quality.psnr_db = std::min(quality.psnr_db, -10 * std::log10(squares / samples));
  if (with_ssim) quality.ssim = std::min(quality.ssim, similarities / static_cast<double>(layer.size()));
}

std::string decibels(double psnr_db) {
  return std::isinf(psnr_db) && psnr_db > 0 ? "without bound" : brief(psnr_db) + " dB";
}

}  // namespace

Verdict compare_quality(const Picture& a, const Picture& b, const Comparison& how) {
  if (const std::string shapes = shapes_differ(a, b); !shapes.empty()) return differ(shapes);
  Quality quality;
  for (const auto& [name, layer] : layers_of(a)) {
    measure_layer(a, b, layer, how.ssim > 0, quality);
    if (quality.differs) return differ(*quality.differs);
  }
  // Written so that what is no number fails.
  if (how.psnr_db > 0 && !(quality.psnr_db >= how.psnr_db))
    return differ("PSNR " + decibels(quality.psnr_db) + ", at least " + brief(how.psnr_db) + " dB asked for");
  if (how.ssim > 0 && !(quality.ssim >= how.ssim))
    return differ("SSIM " + brief(quality.ssim) + ", at least " + brief(how.ssim) + " asked for");
  std::string why = "PSNR " + decibels(quality.psnr_db);
  if (how.ssim > 0) why += ", SSIM " + brief(quality.ssim);
  return same(why);
}

}  // namespace reeve::agent::compare
