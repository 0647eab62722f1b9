#include "client/scene/gltf_document.h"

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace reeve::client {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::array<char, 4> kGlbMagic = {'g', 'l', 'T', 'F'};
constexpr std::size_t kGlbHeaderBytes = 20;  // magic, version, length; the first chunk's length and type
const std::set<std::string> kKnownExtensions = {
    "KHR_materials_transmission", "KHR_materials_ior",      "KHR_materials_emissive_strength",
    "KHR_materials_unlit",        "KHR_lights_punctual",    "KHR_materials_volume",
    "KHR_materials_specular",     "KHR_materials_clearcoat"};

Error refusal(const fs::path& path, const std::string& what, const std::string& remedy) {
  return {ErrorCode::kInvalid, path.string() + ": " + what, remedy};
}

std::uint32_t word_at(const std::string& bytes, std::size_t offset) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < 4; ++i)
    word |= std::uint32_t{static_cast<unsigned char>(bytes[offset + i])} << (8 * i);
  return word;
}

/// The JSON text: the whole of a .gltf, the first chunk of a .glb.
Result<std::string> read_json_text(const fs::path& path, std::uintmax_t max_file_bytes) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed)) {
    return Error{ErrorCode::kNotFound, path.string() + ": there is no such file", "check the path"};
  }
  const std::uintmax_t size_bytes = fs::file_size(path, failed);
  if (!failed && size_bytes > max_file_bytes) {
    return refusal(
        path,
        "its " + std::to_string(size_bytes) + " bytes exceed the bound of " + std::to_string(max_file_bytes),
        "split the scene, or make its textures and meshes smaller");
  }
  std::ifstream file(path, std::ios::binary);
  std::string head(kGlbHeaderBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  if (head.compare(0, kGlbMagic.size(), kGlbMagic.data(), kGlbMagic.size()) != 0) {
    std::string rest(size_bytes - head.size(), '\0');
    file.read(rest.data(), static_cast<std::streamsize>(rest.size()));
    return head + rest.substr(0, static_cast<std::size_t>(file.gcount()));
  }
  const std::uint64_t json_bytes = head.size() == kGlbHeaderBytes ? word_at(head, 12) : 0;
  if (json_bytes == 0 || json_bytes > size_bytes - kGlbHeaderBytes || word_at(head, 8) > size_bytes) {
    return refusal(path, "the binary glTF is truncated", "export or copy the file again");
  }
  std::string text(json_bytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

/// `container[key]` where both are there and of the right kind; else an empty JSON value.
const json& member(const json& container, const char* key) {
  static const json kNothing;
  if (!container.is_object()) return kNothing;
  const auto found = container.find(key);
  return found == container.end() ? kNothing : *found;
}

float number_or(const json& value, float otherwise) {
  return value.is_number() ? value.get<float>() : otherwise;
}

kernels::Float3 colour_or(const json& value, const kernels::Float3& otherwise) {
  if (!value.is_array() || value.size() != 3) return otherwise;
  return {number_or(value[0], otherwise[0]), number_or(value[1], otherwise[1]),
          number_or(value[2], otherwise[2])};
}

std::optional<kernels::Environment> environment_of(const json& document) {
  const json& scenes = member(document, "scenes");
  const json& index = member(document, "scene");
  const std::size_t shown = index.is_number_unsigned() ? index.get<std::size_t>() : 0;
  if (!scenes.is_array() || shown >= scenes.size()) return std::nullopt;
  const json& extras = member(member(scenes[shown], "extras"), "reeve_environment");
  if (!extras.is_object()) return std::nullopt;
  kernels::Environment environment;
  environment.zenith = colour_or(member(extras, "zenith"), environment.zenith);
  environment.horizon = colour_or(member(extras, "horizon"), environment.horizon);
  environment.ground = colour_or(member(extras, "ground"), environment.ground);
  environment.strength = number_or(member(extras, "strength"), environment.strength);
  environment.sun_angular_radius_radians =
      number_or(member(extras, "sun_angular_radius_radians"), environment.sun_angular_radius_radians);
  return environment;
}

/// assimp hands on a field of view that it mixes with the aspect ratio, in a way that differs between its
/// releases.
std::map<std::string, float> vertical_fovs_of(const json& document) {
  std::map<std::string, float> fovs;
  const json& cameras = member(document, "cameras");
  for (const json& node : member(document, "nodes")) {
    const json& name = member(node, "name");
    const json& index = member(node, "camera");
    if (!name.is_string() || !index.is_number_unsigned() || index.get<std::size_t>() >= cameras.size())
      continue;
    const json& fov = member(member(cameras[index.get<std::size_t>()], "perspective"), "yfov");
    if (fov.is_number()) fovs.emplace(name.get<std::string>(), fov.get<float>());
  }
  return fovs;
}

/// Whether every file that `list` (buffers or images) names is there; embedded data has no file.
Result<void> check_files(const fs::path& path, const json& list, const char* kind,
                         std::uintmax_t max_file_bytes) {
  for (const json& entry : list) {
    const json& uri = member(entry, "uri");
    if (!uri.is_string()) continue;
    const auto name = uri.get<std::string>();
    if (name.rfind("data:", 0) == 0) continue;
    // A URI may escape characters; what is not there by its plain name is left to the reader that unescapes.
    if (name.find('%') != std::string::npos) continue;
    std::error_code failed;
    const fs::path file = path.parent_path() / name;
    if (!fs::is_regular_file(file, failed)) {
      return Error{ErrorCode::kNotFound, path.string() + ": the " + kind + " " + name + " is missing",
                   "put it beside the scene, or export the scene as one .glb file"};
    }
    if (fs::file_size(file, failed) > max_file_bytes) {
      return refusal(path,
                     std::string("the ") + kind + " " + name + " exceeds the bound of " +
                         std::to_string(max_file_bytes) + " bytes",
                     "split the scene");
    }
  }
  return {};
}

void note_what_is_left_out(const json& document, std::vector<std::string>& notes) {
  if (!member(document, "skins").empty())
    notes.emplace_back("skins are not supported: skinned meshes keep their rest pose");
  for (const json& mesh : member(document, "meshes")) {
    for (const json& primitive : member(mesh, "primitives")) {
      if (member(primitive, "targets").empty()) continue;
      notes.emplace_back("morph targets are not supported: such meshes keep their base shape");
      return;
    }
  }
}

void note_used(const json& document, std::vector<std::string>& notes) {
  for (const json& name : member(document, "extensionsUsed")) {
    if (name.is_string() && !kKnownExtensions.contains(name.get<std::string>())) {
      notes.push_back("the extension " + name.get<std::string>() + " is not supported and has no effect");
    }
  }
  for (const json& animation : member(document, "animations")) {
    for (const json& sampler : member(animation, "samplers")) {
      const json& way = member(sampler, "interpolation");
      if (!way.is_string() || way == "LINEAR") continue;
      notes.push_back("animation keys of kind " + way.get<std::string>() + " are taken as LINEAR");
      return;
    }
  }
}

Result<void> check_document(const fs::path& path, const json& document, std::uintmax_t max_file_bytes) {
  const json& version = member(member(document, "asset"), "version");
  if (!version.is_string() || version.get<std::string>().rfind("2.", 0) != 0) {
    return refusal(path, "asset.version is not 2.x", "export the scene as glTF 2.0");
  }
  for (const json& name : member(document, "extensionsRequired")) {
    if (name.is_string() && !kKnownExtensions.contains(name.get<std::string>())) {
      return refusal(path,
                     "it requires the extension " + name.get<std::string>() + ", which is not supported",
                     "export the scene without it (no compression of meshes or textures)");
    }
  }
  if (auto found = check_files(path, member(document, "buffers"), "buffer", max_file_bytes); !found)
    return found;
  return check_files(path, member(document, "images"), "texture", max_file_bytes);
}

}  // namespace

Result<GltfDocument> read_gltf_document(const fs::path& path, std::uintmax_t max_file_bytes) {
  auto text = read_json_text(path, max_file_bytes);
  if (!text) return text.error();
  const json document = json::parse(*text, nullptr, false);
  if (!document.is_object() || !document.contains("asset")) {
    return refusal(path, "this is no glTF file", "give a .gltf or .glb file; most tools export to glTF 2.0");
  }
  if (auto sound = check_document(path, document, max_file_bytes); !sound) return sound.error();
  GltfDocument read;
  for (const json& material : member(document, "materials")) {
    const json& name = member(material, "name");
    const json& strength =
        member(member(member(material, "extensions"), "KHR_materials_emissive_strength"), "emissiveStrength");
    if (name.is_string() && strength.is_number())
      read.emissive_strengths.emplace(name.get<std::string>(), strength.get<float>());
  }
  read.environment = environment_of(document);
  read.vertical_fovs = vertical_fovs_of(document);
  note_what_is_left_out(document, read.notes);
  note_used(document, read.notes);
  return read;
}

}  // namespace reeve::client
