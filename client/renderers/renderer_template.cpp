#include "client/renderers/renderer_template.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "client/render_template.h"
#include "client/renderers/embedded.h"
#include "openjd/range_expr.h"

namespace reeve::client {
namespace {

constexpr PixelSize kPovraySize{640, 360};
constexpr std::uint32_t kPovrayRays = 3;
constexpr std::uint32_t kMostPovrayRays = 9;  // of +R
constexpr std::uint32_t kMostCrops = 4096;

using Values = std::map<std::string, std::string>;

Error refused(std::string message, std::string hint) {
  return {ErrorCode::kInvalid, std::move(message), std::move(hint)};
}

Result<openjd::RangeExpr> range_of(const std::string& text, const char* option) {
  auto range = openjd::RangeExpr::parse(text);
  if (range) return range;
  return refused(std::string(option) + " '" + text + "': " + range.error().message,
                 "write 1-48, 1-100:5 or 3,7,9");
}

struct Frames {
  std::string preview;  // empty: there is none
  std::string others;
};

/// The first, the middle and the last frame, and those between them; of three frames or fewer none is a
/// preview.
Frames split_frames(const openjd::RangeExpr& range, const std::string& text) {
  if (range.size() <= 3) return {"", text};
  const std::uint64_t middle = range.size() / 2;
  const std::uint64_t last = range.size() - 1;
  Frames frames;
  for (const std::uint64_t index : {std::uint64_t{0}, middle, last})
    frames.preview += (index == 0 ? "" : ",") + std::to_string(range.at(index));
  range.append_slice(1, middle - 1, frames.others);
  if (last - middle > 1) frames.others += ",";
  range.append_slice(middle + 1, last - middle - 1, frames.others);
  return frames;
}

/// "#if preview" … "#end": lines between them stay where there is one; also "#if gpu" and "#if preview and
/// gpu".
std::string choose_lines(std::string_view text, bool preview, bool gpu) {
  std::string chosen;
  bool take = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n') + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (line.starts_with("#if "))
      take = (preview || line.find("preview") == std::string_view::npos) &&
             (gpu || line.find("gpu") == std::string_view::npos);
    else if (line == "#end\n")
      take = true;
    else if (take)
      chosen += line;
  }
  return chosen;
}

/// Puts values in the place of @NAME@.
std::string fill_in(std::string text, const Values& values) {
  for (const auto& [name, value] : values) {
    const std::string mark = "@" + name + "@";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
      text.replace(at, mark.size(), value);
  }
  return text;
}

Result<void> check_crops(const RendererRequest& request) {
  const PixelSize& crops = request.crops;
  const std::string given = std::to_string(crops.width) + "x" + std::to_string(crops.height);
  if (std::uint64_t{crops.width} * crops.height > kMostCrops)
    return refused("crops " + given + " are too many",
                   "at most " + std::to_string(kMostCrops) + " of a frame");
  const bool sized = request.size.width > 0;
  if (sized && (crops.width > request.size.width || crops.height > request.size.height))
    return refused("crops " + given + " of a frame that has fewer pixels",
                   "give fewer crops or a larger --size");
  return {};
}

Result<void> add_povray(const RendererRequest& request, const openjd::RangeExpr& frames, Values& values) {
  const PixelSize size = request.size.width > 0 ? request.size : kPovraySize;
  const auto rays = static_cast<std::uint32_t>(std::ceil(std::sqrt(request.samples)));
  auto clock = frames;
  if (!request.clock_frames.empty()) {
    auto given = range_of(request.clock_frames, "clock frames");
    if (!given) return given.error();
    clock = *given;
  }
  values["width"] = std::to_string(size.width);
  values["height"] = std::to_string(size.height);
  values["rays"] = std::to_string(request.samples == 0 ? kPovrayRays : std::min(rays, kMostPovrayRays));
  values["clockfirst"] = std::to_string(clock.at(0));
  values["clocklast"] = std::to_string(clock.at(clock.size() - 1));
  return {};
}

}  // namespace

bool is_renderer_scene(const std::filesystem::path& path) {
  return path.extension() == ".blend" || path.extension() == ".pov";
}

Result<std::string> renderer_template(const RendererRequest& request) {
  const auto range = range_of(request.frames, "frames");
  if (!range) return range.error();
  if (auto fits = check_crops(request); !fits) return fits.error();
  const Frames frames = request.preview ? split_frames(*range, request.frames) : Frames{"", request.frames};
  Values values{{"name", yaml_quoted(request.name)},
                {"scene", yaml_quoted(request.scene)},
                {"frames", yaml_quoted(frames.others)},
                {"preview", yaml_quoted(frames.preview)},
                {"chunk", std::to_string(request.chunk)},
                {"width", std::to_string(request.size.width)},
                {"height", std::to_string(request.size.height)},
                {"samples", std::to_string(request.samples)},
                {"device", request.device},
                {"columns", std::to_string(request.crops.width)},
                {"rows", std::to_string(request.crops.height)}};
  const std::uint32_t last = request.crops.width * request.crops.height - 1;
  values["crops"] = yaml_quoted("0-" + std::to_string(last));
  const bool povray = request.renderer == Renderer::kPovray;
  if (povray) {
    if (auto added = add_povray(request, *range, values); !added) return added.error();
  }
  return fill_in(
      choose_lines(povray ? povray_yaml() : blender_yaml(), !frames.preview.empty(), request.device == "gpu"),
      values);
}

std::string film_template(const std::string& name, double frames_per_second) {
  return fill_in(std::string(film_yaml()),
                 {{"name", yaml_quoted(name)}, {"rate", std::to_string(frames_per_second)}});
}

}  // namespace reeve::client
