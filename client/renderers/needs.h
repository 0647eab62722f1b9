#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "protocol/result.h"

namespace reeve::client {

/// Files that a scene needs besides its own.
struct SceneNeeds {
  std::set<std::filesystem::path> found;  // absolute, without links
  std::set<std::string> missing;
  std::vector<std::string> notes;
};

/// Asks the Blender on PATH, which opens the scene without running what is in it.
SceneNeeds blender_needs(const std::filesystem::path& scene);

/// Reads a POV-Ray scene and what it includes. A file is looked for beside the one that names it, beside the
/// scene, and in the project; what POV-Ray's own library has is no need.
SceneNeeds povray_needs(const std::filesystem::path& scene, const std::filesystem::path& project);

/// The names that a POV-Ray scene's text puts behind #include, image formats and the like; comments aside.
std::vector<std::string> povray_names(std::string_view text);

}  // namespace reeve::client
