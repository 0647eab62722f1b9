#include "tests/demo/glb_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace reeve::demo {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little,
              "GLB is little-endian; the demo scene is written on such hosts");

json to_json(const Vec3& v) {
  return json::array({v.x, v.y, v.z});
}
json to_json(const Quaternion& q) {
  return json::array({q.x, q.y, q.z, q.w});
}

template <class T>
std::span<const float> as_floats(std::span<const T> values) {
  return {reinterpret_cast<const float*>(values.data()), values.size() * sizeof(T) / sizeof(float)};
}

void append_u32(std::vector<std::byte>& out, std::uint32_t value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

void append_chunk(std::vector<std::byte>& out, std::uint32_t type, std::span<const std::byte> bytes,
                  std::byte filler) {
  const std::size_t padded_bytes = (bytes.size() + 3) / 4 * 4;
  append_u32(out, static_cast<std::uint32_t>(padded_bytes));
  append_u32(out, type);
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.insert(out.end(), padded_bytes - bytes.size(), filler);
}

}  // namespace

Quaternion rotation_about(const Vec3& axis, float angle_rad) {
  const Vec3 unit = normalize(axis) * std::sin(angle_rad / 2);
  return {unit.x, unit.y, unit.z, std::cos(angle_rad / 2)};
}

Quaternion operator*(const Quaternion& a, const Quaternion& b) {
  return {a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y, a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
          a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w, a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z};
}

int GlbWriter::add_view(std::span<const std::byte> bytes) {
  buffer_.resize((buffer_.size() + 3) / 4 * 4);
  views_.push_back({{"buffer", 0}, {"byteOffset", buffer_.size()}, {"byteLength", bytes.size()}});
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return static_cast<int>(views_.size()) - 1;
}

int GlbWriter::add_floats(std::span<const float> values, const char* type, int parts, bool with_bounds) {
  json accessor = {{"bufferView", add_view(std::as_bytes(values))},
                   {"componentType", 5126},
                   {"count", values.size() / static_cast<std::size_t>(parts)},
                   {"type", type}};
  if (with_bounds) {
    std::vector<float> low(static_cast<std::size_t>(parts), std::numeric_limits<float>::max());
    std::vector<float> high(static_cast<std::size_t>(parts), std::numeric_limits<float>::lowest());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t part = i % static_cast<std::size_t>(parts);
      low[part] = std::min(low[part], values[i]);
      high[part] = std::max(high[part], values[i]);
    }
    accessor["min"] = low;
    accessor["max"] = high;
  }
  accessors_.push_back(std::move(accessor));
  return static_cast<int>(accessors_.size()) - 1;
}

int GlbWriter::add_texture(std::span<const std::byte> png) {
  images_.push_back({{"bufferView", add_view(png)}, {"mimeType", "image/png"}});
  textures_.push_back({{"source", images_.size() - 1}, {"sampler", 0}});
  return static_cast<int>(textures_.size()) - 1;
}

int GlbWriter::add_material(const MaterialLook& look) {
  const Vec3& c = look.base_colour;
  json pbr = {{"baseColorFactor", json::array({c.x, c.y, c.z, 1})},
              {"metallicFactor", look.metallic},
              {"roughnessFactor", look.roughness}};
  if (look.texture >= 0) pbr["baseColorTexture"] = {{"index", look.texture}};
  json material = {{"name", look.name}, {"pbrMetallicRoughness", std::move(pbr)}};
  json extensions = json::object();
  if (look.transmission > 0) {
    extensions["KHR_materials_transmission"] = {{"transmissionFactor", look.transmission}};
    extensions["KHR_materials_ior"] = {{"ior", look.ior}};
  }
  if (std::max({look.emission.x, look.emission.y, look.emission.z}) > 0) {
    material["emissiveFactor"] = to_json(look.emission);
    extensions["KHR_materials_emissive_strength"] = {{"emissiveStrength", look.emissive_strength}};
  }
  if (!extensions.empty()) material["extensions"] = std::move(extensions);
  materials_.push_back(std::move(material));
  return static_cast<int>(materials_.size()) - 1;
}

int GlbWriter::add_mesh(const std::string& name, const Mesh& mesh, int material) {
  const int positions = add_floats(as_floats<Vec3>(mesh.positions), "VEC3", 3, true);
  const int normals = add_floats(as_floats<Vec3>(mesh.normals), "VEC3", 3, false);
  const int uvs = add_floats(as_floats<Vec2>(mesh.uvs), "VEC2", 2, false);
  const int view = add_view(std::as_bytes(std::span(mesh.indices)));
  accessors_.push_back(
      {{"bufferView", view}, {"componentType", 5125}, {"count", mesh.indices.size()}, {"type", "SCALAR"}});
  const json primitive = {{"attributes", {{"POSITION", positions}, {"NORMAL", normals}, {"TEXCOORD_0", uvs}}},
                          {"indices", accessors_.size() - 1},
                          {"material", material}};
  meshes_.push_back({{"name", name}, {"primitives", json::array({primitive})}});
  triangles_ += mesh.indices.size() / 3;
  return static_cast<int>(meshes_.size()) - 1;
}

int GlbWriter::add_node(const std::string& name, int mesh, const Vec3& translation,
                        const Quaternion& rotation) {
  json node = {{"name", name}, {"translation", to_json(translation)}, {"rotation", to_json(rotation)}};
  if (mesh >= 0) node["mesh"] = mesh;
  nodes_.push_back(std::move(node));
  held_.push_back(false);
  return static_cast<int>(nodes_.size()) - 1;
}

int GlbWriter::add_camera_node(const std::string& name, float vertical_fov_rad, const Vec3& translation,
                               const Quaternion& rotation) {
  const json lens = {{"yfov", vertical_fov_rad}, {"znear", 0.01}, {"aspectRatio", 16.0 / 9.0}};
  cameras_.push_back({{"name", name}, {"type", "perspective"}, {"perspective", lens}});
  const int node = add_node(name, -1, translation, rotation);
  nodes_[static_cast<std::size_t>(node)]["camera"] = cameras_.size() - 1;
  return node;
}

int GlbWriter::add_sun_node(const std::string& name, const Vec3& colour, float intensity,
                            const Quaternion& rotation) {
  lights_.push_back(
      {{"name", name}, {"type", "directional"}, {"color", to_json(colour)}, {"intensity", intensity}});
  const int node = add_node(name, -1, {}, rotation);
  nodes_[static_cast<std::size_t>(node)]["extensions"]["KHR_lights_punctual"]["light"] = lights_.size() - 1;
  return node;
}

void GlbWriter::attach(int parent_node, int child_node) {
  nodes_[static_cast<std::size_t>(parent_node)]["children"].push_back(child_node);
  held_[static_cast<std::size_t>(child_node)] = true;
}

void GlbWriter::animate(int node, const char* path, int input, int output) {
  samplers_.push_back({{"input", input}, {"output", output}, {"interpolation", "LINEAR"}});
  channels_.push_back({{"sampler", samplers_.size() - 1}, {"target", {{"node", node}, {"path", path}}}});
}

void GlbWriter::animate_rotation(int node, std::span<const float> times_s,
                                 std::span<const Quaternion> values) {
  const int input = add_floats(times_s, "SCALAR", 1, true);
  animate(node, "rotation", input, add_floats(as_floats(values), "VEC4", 4, false));
}

void GlbWriter::animate_translation(int node, std::span<const float> times_s, std::span<const Vec3> values) {
  const int input = add_floats(times_s, "SCALAR", 1, true);
  animate(node, "translation", input, add_floats(as_floats(values), "VEC3", 3, false));
}

json GlbWriter::document() const {
  json roots = json::array();
  for (std::size_t i = 0; i < held_.size(); ++i) {
    if (!held_[i]) roots.push_back(i);
  }
  json scene = {{"nodes", std::move(roots)}};
  if (!environment_.is_null()) scene["extras"] = {{"reeve_environment", environment_}};
  json whole = {{"asset", {{"version", "2.0"}, {"generator", "reeve-make-demo-scene"}}},
                {"extensionsUsed",
                 {"KHR_lights_punctual", "KHR_materials_emissive_strength", "KHR_materials_ior",
                  "KHR_materials_transmission"}},
                {"extensions", {{"KHR_lights_punctual", {{"lights", lights_}}}}},
                {"scene", 0},
                {"scenes", json::array({std::move(scene)})},
                {"nodes", nodes_},
                {"meshes", meshes_},
                {"materials", materials_},
                {"textures", textures_},
                {"images", images_},
                {"samplers", json::array({{{"wrapS", 10497}, {"wrapT", 10497}}})},
                {"cameras", cameras_},
                {"accessors", accessors_},
                {"bufferViews", views_},
                {"buffers", json::array({{{"byteLength", buffer_.size()}}})}};
  if (!channels_.empty()) {
    whole["animations"] = json::array({{{"name", "demo"}, {"channels", channels_}, {"samplers", samplers_}}});
  }
  return whole;
}

std::vector<std::byte> GlbWriter::finish() const {
  const std::string text = document().dump();
  std::vector<std::byte> file;
  constexpr std::uint32_t kMagic = 0x46546C67;  // "glTF"
  constexpr std::uint32_t kJson = 0x4E4F534A;
  constexpr std::uint32_t kBinary = 0x004E4942;
  append_u32(file, kMagic);
  append_u32(file, 2);
  append_u32(file, 0);
  append_chunk(file, kJson, std::as_bytes(std::span(text)), std::byte{' '});
  append_chunk(file, kBinary, buffer_, std::byte{0});
  const auto size_bytes = static_cast<std::uint32_t>(file.size());
  std::memcpy(file.data() + 8, &size_bytes, sizeof size_bytes);
  return file;
}

}  // namespace reeve::demo
