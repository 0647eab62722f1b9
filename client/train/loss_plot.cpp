#include "client/train/loss_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace reeve::client {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 360;
constexpr double kLeft = 64;
constexpr double kRight = 16;
constexpr double kTop = 16;
constexpr double kBottom = 36;
constexpr int kTicks = 5;

std::string number(double value, const char* form = "%.2f") {
  char text[32];
  std::snprintf(text, sizeof text, form, value);
  return text;
}

/// Where values lie on the picture.
struct Scale {
  double most = 1;
  std::size_t generations = 1;
  double x(std::size_t generation) const {
    const double share =
        generations < 2 ? 0.5 : static_cast<double>(generation) / static_cast<double>(generations - 1);
    return kLeft + share * (kWidth - kLeft - kRight);
  }
  double y(double loss) const {
    return kTop + (1 - std::clamp(loss / most, 0.0, 1.0)) * (kHeight - kTop - kBottom);
  }
};

/// 1, 2 or 5 times a power of ten, at least `value`.
double round_up(double value) {
  if (!(value > 0) || !std::isfinite(value)) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (value <= power * factor) return power * factor;
  return 10 * power;
}

std::string grid(const Scale& scale) {
  std::string text;
  for (int i = 0; i <= kTicks; ++i) {
    const double loss = scale.most * i / kTicks;
    const std::string y = number(scale.y(loss));
    text += "<line class=\"grid\" x1=\"" + number(kLeft) + "\" x2=\"" + number(kWidth - kRight) + "\" y1=\"" +
            y + "\" y2=\"" + y + "\"/><text x=\"" + number(kLeft - 8) + "\" y=\"" +
            number(scale.y(loss) + 4) + "\" text-anchor=\"end\">" + number(loss, "%.3g") + "</text>\n";
  }
  for (int i = 0; i <= kTicks; ++i) {
    const std::size_t generation = (scale.generations - 1) * static_cast<std::size_t>(i) / kTicks;
    text += "<text x=\"" + number(scale.x(generation)) + "\" y=\"" + number(kHeight - 14) +
            "\" text-anchor=\"middle\">" + std::to_string(generation + 1) + "</text>\n";
  }
  return text;
}

}  // namespace

std::string loss_csv(const std::vector<double>& losses) {
  std::string text = "generation,loss\n";
  for (std::size_t i = 0; i < losses.size(); ++i)
    text += std::to_string(i + 1) + "," + number(losses[i], "%.9g") + "\n";
  return text;
}

std::string loss_plot(const std::vector<double>& losses) {
  Scale scale;
  scale.generations = std::max<std::size_t>(losses.size(), 1);
  if (!losses.empty()) scale.most = round_up(*std::max_element(losses.begin(), losses.end()));
  std::string points;
  for (std::size_t i = 0; i < losses.size(); ++i)
    points += number(scale.x(i)) + "," + number(scale.y(losses[i])) + " ";
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(kWidth, "%.0f") + " " +
         number(kHeight, "%.0f") +
         "\" role=\"img\" aria-label=\"Loss of each generation\">\n"
         "<style>:root{color-scheme:light dark}svg{background:#fff;color:#222}text{font:12px sans-serif;"
         "fill:currentColor}.grid{stroke:currentColor;stroke-opacity:.15}.curve{fill:none;stroke:#2b6cb0;"
         "stroke-width:1.5}@media(prefers-color-scheme:dark){svg{background:#16181c;color:#ddd}.curve{stroke:"
         "#7ab7ff}}</style>\n" +
         grid(scale) + "<polyline class=\"curve\" points=\"" + points + "\"/>\n</svg>\n";
}

}  // namespace reeve::client
