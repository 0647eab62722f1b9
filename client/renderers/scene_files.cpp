#include "client/renderers/scene_files.h"

#include <algorithm>
#include <set>

#include "client/renderers/needs.h"

namespace reeve::client {
namespace {

/// The path of `file` below `folder`; empty where it lies elsewhere. Both are free of links.
std::string below(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const std::string path = file.lexically_relative(folder).generic_string();
  return path.empty() || path == "." || path.starts_with("..") ? "" : path;
}

std::string listed(const std::set<std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : names) {
    if (count++ == kShown) return text + " and " + std::to_string(names.size() - kShown) + " more";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

Error outside(const std::set<std::string>& names, const std::filesystem::path& project) {
  return {ErrorCode::kInvalid, "outside of " + project.string() + ": " + listed(names),
          "say --project FOLDER with a folder that holds them all, or (Blender) pack them into the scene"};
}

Result<void> add_inputs(const SceneRequest& request, const std::filesystem::path& project,
                        std::set<std::string>& picked) {
  std::set<std::string> elsewhere;
  for (const std::string& given : request.inputs) {
    std::error_code absent;
    const auto input = std::filesystem::canonical(given, absent);
    if (absent) return Error{ErrorCode::kNotFound, "--input " + given + " is not there", "check the path"};
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(input)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(input))
        if (entry.is_regular_file() && !entry.is_symlink()) files.push_back(entry.path());
    } else {
      files.push_back(input);
    }
    for (const auto& file : files) {
      const std::string path = below(file, project);
      (path.empty() ? elsewhere : picked).insert(path.empty() ? file.string() : path);
    }
  }
  if (!elsewhere.empty()) return outside(elsewhere, project);
  return {};
}

/// With a project all of it goes along, and what seems to be missing there is only said.
Result<void> take_needs(const SceneNeeds& needs, bool whole, SceneFiles& files,
                        std::set<std::string>& picked) {
  if (!needs.missing.empty()) {
    const std::string text = files.scene + " names files that are not there: " + listed(needs.missing);
    if (!whole)
      return Error{
          ErrorCode::kNotFound, text,
          "put them where the scene looks for them; or say --project FOLDER to send a folder as it is"};
    files.notes.push_back(text);
  }
  std::set<std::string> elsewhere;
  for (const auto& file : needs.found) {
    const std::string path = below(file, files.project);
    (path.empty() ? elsewhere : picked).insert(path.empty() ? file.string() : path);
  }
  if (!elsewhere.empty()) return outside(elsewhere, files.project);
  return {};
}

}  // namespace

Result<SceneFiles> gather_scene_files(const SceneRequest& request) {
  std::error_code absent;
  const auto scene = std::filesystem::canonical(request.scene, absent);
  if (absent || !std::filesystem::is_regular_file(scene))
    return Error{ErrorCode::kNotFound, "scene " + request.scene.string() + " is no file", "check the path"};
  const bool whole = !request.project.empty();
  SceneFiles files;
  files.project = whole ? std::filesystem::canonical(request.project, absent) : scene.parent_path();
  if (absent || !std::filesystem::is_directory(files.project))
    return Error{ErrorCode::kNotFound, "--project " + request.project.string() + " is no folder",
                 "check the path"};
  files.scene = below(scene, files.project);
  if (files.scene.empty()) return outside({scene.string()}, files.project);
  std::set<std::string> picked{files.scene};
  const SceneNeeds needs =
      request.renderer == Renderer::kBlender ? blender_needs(scene) : povray_needs(scene, files.project);
  if (auto taken = take_needs(needs, whole, files, picked); !taken) return taken.error();
  if (auto added = add_inputs(request, files.project, picked); !added) return added.error();
  if (!whole) files.picked.assign(picked.begin(), picked.end());
  for (const std::string& note : needs.notes)
    if (!whole || request.renderer == Renderer::kPovray) files.notes.push_back(note);
  return files;
}

}  // namespace reeve::client
