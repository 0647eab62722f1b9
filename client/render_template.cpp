#include "client/render_template.h"

#include <nlohmann/json.hpp>

#include "client/tiles.h"

namespace reeve::client {
namespace {

std::string parameters(const RenderRequest& request) {
  const auto number = [](const char* name, std::uint32_t value, std::uint32_t least) {
    return std::string("  - name: ") + name + "\n    type: INT\n    minValue: " + std::to_string(least) +
           "\n    default: " + std::to_string(value) + "\n";
  };
  return std::string(
             "parameterDefinitions:\n"
             "  - name: Scene\n"
             "    type: PATH\n"
             "    objectType: FILE\n"
             "    dataFlow: IN\n"
             "    description: A glTF scene, prepared and uploaded at submission.\n"
             "  - name: Frames\n"
             "    type: STRING\n"
             "    default: ") +
         yaml_quoted(request.frames) + "\n" + number("Width", request.size.width, 1) +
         number("Height", request.size.height, 1) + number("Samples", request.samples, 1) +
         number("MaxDepth", request.max_depth, 1) + number("Seed", request.seed, 0);
}

std::string space(std::uint32_t tiles) {
  std::string text =
      "    parameterSpace:\n"
      "      taskParameterDefinitions:\n"
      "        - name: Frame\n"
      "          type: INT\n"
      "          range: \"{{Param.Frames}}\"\n";
  if (tiles > 1) {
    text += "        - name: Tile\n          type: INT\n          range: \"0-" + std::to_string(tiles - 1) +
            "\"\n";
  }
  return text;
}

std::string argument(const char* name, const std::string& value) {
  return std::string("            - \"--") + name + "\"\n            - \"" + value + "\"\n";
}

std::string script(const RenderRequest& request, std::uint32_t tiles) {
  return "    script:\n"
         "      actions:\n"
         "        onRun:\n"
         "          command: reeve:render.path\n"
         "          args:\n" +
         argument("scene", "{{Param.Scene}}") + argument("width", "{{Param.Width}}") +
         argument("height", "{{Param.Height}}") + argument("samples", "{{Param.Samples}}") +
         argument("max-depth", "{{Param.MaxDepth}}") + argument("seed", "{{Param.Seed}}") +
         argument("frame", "{{Task.Param.Frame}}") +
         argument("tiles-x", std::to_string(request.tiles.width)) +
         argument("tiles-y", std::to_string(request.tiles.height)) +
         argument("tile", tiles > 1 ? "{{Task.Param.Tile}}" : "0");
}

}  // namespace

std::string yaml_quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

Result<std::string> render_template(const RenderRequest& request) {
  const auto grid =
      TileGrid::make(request.size.width, request.size.height, request.tiles.width, request.tiles.height);
  if (!grid) return grid.error();
  return "specificationVersion: jobtemplate-2023-09\nname: " + yaml_quoted(request.name) + "\n" +
         parameters(request) + "steps:\n  - name: frames\n" + space(grid->count()) +
         script(request, grid->count());
}

}  // namespace reeve::client
