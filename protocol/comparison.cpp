#include "protocol/comparison.h"

#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "protocol/limits.h"

namespace reeve {
namespace {

constexpr std::string_view kRemedy =
    "write exact, pixels, image:psnr=40[,ssim=0.98], tensor:rtol=1e-5,atol=1e-8 or command:PROGRAM";

Error wrong(const std::string& what) {
  return {ErrorCode::kInvalid, "comparison: " + what, std::string(kRemedy)};
}

Result<double> number(std::string_view name, std::string_view text, double most) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= most))
    return wrong(std::string(name) + " is '" + std::string(text) + "', no number of 0 to " +
                 std::to_string(static_cast<long>(most)));
  return value;
}

using Settings = std::vector<std::pair<std::string_view, double*>>;

/// Reads `name=value,name=value` into the settings of that name.
Result<void> read_settings(std::string_view text, const Settings& settings, double most) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return wrong("'" + std::string(part) + "' is no name=value");
    bool known = false;
    for (const auto& [name, value] : settings) {
      if (name != part.substr(0, equals)) continue;
      auto parsed = number(name, part.substr(equals + 1), most);
      if (!parsed) return parsed.error();
      *value = *parsed;
      known = true;
    }
    if (!known) return wrong("'" + std::string(part.substr(0, equals)) + "' is no setting of it");
  }
  return {};
}

Result<Comparison> parse_image(std::string_view rest) {
  Comparison image{Comparator::kImage, 0, 0, 0, 0, ""};
  if (auto read = read_settings(rest, {{"psnr", &image.psnr_db}, {"ssim", &image.ssim}}, 200); !read)
    return read.error();
  if (image.ssim > 1) return wrong("ssim is above 1");
  if (image.psnr_db == 0 && image.ssim == 0) return wrong("image needs psnr or ssim above 0");
  return image;
}

Result<Comparison> parse_tensor(std::string_view rest) {
  Comparison tensor{Comparator::kTensor, 0, 0, 0, 0, ""};
  if (auto read = read_settings(rest, {{"rtol", &tensor.rtol}, {"atol", &tensor.atol}}, 1e9); !read)
    return read.error();
  return tensor;
}

}  // namespace

Result<Comparison> parse_comparison(std::string_view text) {
  if (text.size() > limits::kComparisonBytes)
    return wrong("it has " + std::to_string(text.size()) + " bytes, at most " +
                 std::to_string(limits::kComparisonBytes));
  if (is_exact(text)) return Comparison{};
  if (text == "pixels") return Comparison{Comparator::kPixels, 0, 0, 0, 0, ""};
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (name == "image") return parse_image(rest);
  if (name == "tensor") return parse_tensor(rest);
  if (name == "command") {
    if (rest.empty()) return wrong("command needs a program after the colon");
    return Comparison{Comparator::kCommand, 0, 0, 0, 0, std::string(rest)};
  }
  return wrong("'" + std::string(text) + "' is not known");
}

}  // namespace reeve
