#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "client/renderers/renderer_template.h"
#include "protocol/result.h"

namespace reeve::client {

/// What a scene is sent with. `scene` and `picked` are paths below `project`.
struct SceneFiles {
  std::filesystem::path project;
  std::string scene;
  std::vector<std::string> picked;  // sorted; empty: the whole project
  std::vector<std::string> notes;   // what could not be checked
};

struct SceneRequest {
  Renderer renderer = Renderer::kBlender;
  std::filesystem::path scene;
  std::filesystem::path project;    // empty: the scene's folder, of which only what the scene needs is sent
  std::vector<std::string> inputs;  // files and folders that are sent besides; below the project
};

/// Finds what a scene needs: a .blend file's textures, libraries and fonts by asking Blender, where this
/// machine has it; a .pov file's includes and pictures by reading it. Errors: kNotFound names every file that
/// is missing; kInvalid every one that lies outside of the project.
Result<SceneFiles> gather_scene_files(const SceneRequest& request);

}  // namespace reeve::client
