#include "agent/compare/ssim.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace reeve::agent::compare {
namespace {

constexpr std::uint32_t kWindow = 11;
constexpr double kSigma = 1.5;

/// Sums under the window: a, b, a², b², ab.
using Moments = std::array<double, 5>;

void add(Moments& to, const Moments& from, double weight) {
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] += weight * from[i];
}

std::vector<double> gaussian(std::uint32_t taps) {
  std::vector<double> weights;
  double sum = 0;
  for (std::uint32_t i = 0; i < taps; ++i) {
    const double away = i - (taps - 1) / 2.0;
    weights.push_back(std::exp(-away * away / (2 * kSigma * kSigma)));
    sum += weights.back();
  }
  for (double& weight : weights)
    weight /= sum;
  return weights;
}

double finite(double value) {
  return std::isfinite(value) ? value : 0;
}

double similarity(const Moments& m, double peak) {
  const double c1 = (0.01 * peak) * (0.01 * peak);
  const double c2 = (0.03 * peak) * (0.03 * peak);
  const double var_a = std::max(0.0, m[2] - m[0] * m[0]);
  const double var_b = std::max(0.0, m[3] - m[1] * m[1]);
  const double covariance = m[4] - m[0] * m[1];
  return (2 * m[0] * m[1] + c1) * (2 * covariance + c2) /
         ((m[0] * m[0] + m[1] * m[1] + c1) * (var_a + var_b + c2));
}

}  // namespace

double mean_ssim(const Picture& a, const Channel& in_a, const Picture& b, const Channel& in_b, double peak) {
  const std::vector<double> along = gaussian(std::min(kWindow, a.width));
  const std::vector<double> down = gaussian(std::min(kWindow, a.height));
  const std::uint64_t lines = a.height - down.size() + 1;
  const std::uint64_t places = a.width - along.size() + 1;
  double sum = 0;
  std::vector<Moments> columns(a.width);
  for (std::uint64_t y = 0; y < lines; ++y) {
    std::fill(columns.begin(), columns.end(), Moments{});
    for (std::size_t tap = 0; tap < down.size(); ++tap) {
      for (std::uint64_t x = 0; x < a.width; ++x) {
        const std::uint64_t pixel = (y + tap) * a.width + x;
        const double va = finite(a.value(in_a, pixel));
        const double vb = finite(b.value(in_b, pixel));
        add(columns[x], {va, vb, va * va, vb * vb, va * vb}, down[tap]);
      }
    }
    for (std::uint64_t x = 0; x < places; ++x) {
      Moments window{};
      for (std::size_t tap = 0; tap < along.size(); ++tap)
        add(window, columns[x + tap], along[tap]);
      sum += similarity(window, peak);
    }
  }
  return sum / (static_cast<double>(lines) * static_cast<double>(places));
}

}  // namespace reeve::agent::compare
