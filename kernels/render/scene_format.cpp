#include "kernels/render/scene_format.h"

#include <bit>
#include <cstring>
#include <type_traits>

namespace reeve::kernels {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic{'R', 'e', 'e', 'v', 'e', 'S', 'c', 'n'};

class Writer {
 public:
  void value(std::uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8)
      bytes_.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  void value(float number) { value(std::bit_cast<std::uint32_t>(number)); }
  template <class E>
  requires std::is_enum_v<E>
  void value(E kind) { value(static_cast<std::uint32_t>(kind)); }
  template <class T, std::size_t n>
  void value(const std::array<T, n>& array) {
    for (const T& element : array)
      value(element);
  }
  void raw(std::span<const std::uint8_t> data) { bytes_.insert(bytes_.end(), data.begin(), data.end()); }
  void reserve(std::size_t size_bytes) { bytes_.reserve(size_bytes); }
  std::vector<std::uint8_t> take() { return std::move(bytes_); }

  template <class T>
  void list(const std::vector<T>& items) {
    value(static_cast<std::uint32_t>(items.size()));
    for (const T& item : items)
      value(item);
  }
  void list(const std::vector<std::uint8_t>& items) { raw(items); }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// Reads with a sticky failure: after the first bad read every later one yields zeros.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  void value(std::uint32_t& word) {
    word = 0;
    if (!take_room(4)) return;
    for (std::size_t i = 0; i < 4; ++i)
      word |= std::uint32_t{bytes_[at_ - 4 + i]} << (8 * i);
  }
  void value(float& number) {
    std::uint32_t word = 0;
    value(word);
    number = std::bit_cast<float>(word);
  }
  template <class E>
  requires std::is_enum_v<E>
  void value(E& kind) {
    std::uint32_t word = 0;
    value(word);
    kind = static_cast<E>(word);
  }
  template <class T, std::size_t n>
  void value(std::array<T, n>& array) {
    for (T& element : array)
      value(element);
  }
  void raw(std::vector<std::uint8_t>& data, std::size_t size_bytes) {
    data.clear();
    if (!take_room(size_bytes)) return;
    const auto from = bytes_.subspan(at_ - size_bytes, size_bytes);
    data.assign(from.begin(), from.end());
  }

  /// A count of items that each take at least `item_bytes`: refused when the rest cannot hold them, so no
  /// allocation exceeds a small multiple of the input.
  std::uint32_t count(std::size_t item_bytes, std::uint32_t most, const char* what) {
    std::uint32_t items = 0;
    value(items);
    if (ok() && (items > most || items > (bytes_.size() - at_) / item_bytes)) {
      error_ = std::string(what) + " = " + std::to_string(items) + " exceeds its bound or the bytes present";
    }
    return ok() ? items : 0;
  }
  template <class T>
  void list(std::vector<T>& items, std::uint32_t most, const char* what) {
    items.resize(count(sizeof(T), most, what));
    for (T& item : items)
      value(item);
  }

  bool ok() const { return error_.empty(); }
  bool at_end() const { return at_ == bytes_.size(); }
  const std::string& error() const { return error_; }

 private:
  bool take_room(std::size_t size_bytes) {
    if (ok() && size_bytes > bytes_.size() - at_) {
      error_ = "truncated at byte " + std::to_string(at_) + " of " + std::to_string(bytes_.size());
    }
    if (!ok()) return false;
    at_ += size_bytes;
    return true;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::string error_;
};

/// The order of fixed-size fields, once for both directions.
template <class Stream, class T>
void fields(Stream& s, T& m) requires std::is_same_v<std::remove_const_t<T>, Material> {
  s.value(m.kind), s.value(m.base_color), s.value(m.base_texture), s.value(m.roughness), s.value(m.ior);
  s.value(m.emission), s.value(m.emission_strength), s.value(m.emission_texture);
}

template <class Stream, class T>
void fields(Stream& s, T& c) requires std::is_same_v<std::remove_const_t<T>, Camera> {
  s.value(c.eye), s.value(c.forward), s.value(c.up), s.value(c.vertical_fov_radians);
  s.value(c.lens_radius), s.value(c.focus_distance);
}

template <class Stream, class T>
void fields(Stream& s, T& e) requires std::is_same_v<std::remove_const_t<T>, Environment> {
  s.value(e.kind), s.value(e.zenith), s.value(e.horizon), s.value(e.ground), s.value(e.texture);
  s.value(e.strength), s.value(e.sun_direction), s.value(e.sun_irradiance);
  s.value(e.sun_angular_radius_radians);
}

constexpr std::size_t kMaterialBytes = 48;
constexpr std::size_t kCameraBytes = 48;
constexpr std::size_t kTextureBytes = 12;   // the smallest: one texel
constexpr std::size_t kMeshBytes = 20;      // five words and no vertex
constexpr std::size_t kInstanceBytes = 56;  // mesh, count, one transform

void read_mesh(Reader& in, Mesh& mesh) {
  in.list(mesh.positions, kMaxVertices, "mesh positions");
  in.list(mesh.normals, kMaxVertices, "mesh normals");
  in.list(mesh.uvs, kMaxVertices, "mesh uvs");
  in.list(mesh.indices, 3 * kMaxWorldTriangles, "mesh indices");
  in.value(mesh.material);
}

void read_texture(Reader& in, Texture& texture) {
  in.value(texture.width);
  in.value(texture.height);
  const bool in_bounds = texture.width <= kMaxTextureSide && texture.height <= kMaxTextureSide;
  // A side beyond its bound reads no texels, so that the product cannot overflow; check_scene names it.
  in.raw(texture.rgba, in_bounds ? std::size_t{texture.width} * texture.height * 4 : 0);
}

void read_scene(Reader& in, Scene& scene) {
  in.value(scene.first_frame);
  in.value(scene.frame_count);
  scene.cameras.resize(in.count(kCameraBytes, kMaxFrames, "cameras"));
  for (Camera& camera : scene.cameras)
    fields(in, camera);
  fields(in, scene.environment);
  scene.materials.resize(in.count(kMaterialBytes, kMaxMaterials, "materials"));
  for (Material& material : scene.materials)
    fields(in, material);
  scene.textures.resize(in.count(kTextureBytes, kMaxTextures, "textures"));
  for (Texture& texture : scene.textures)
    read_texture(in, texture);
  scene.meshes.resize(in.count(kMeshBytes, kMaxMeshes, "meshes"));
  for (Mesh& mesh : scene.meshes)
    read_mesh(in, mesh);
  scene.instances.resize(in.count(kInstanceBytes, kMaxInstances, "instances"));
  for (Instance& instance : scene.instances) {
    in.value(instance.mesh);
    in.list(instance.transforms, kMaxFrames, "instance transforms");
  }
}

std::size_t encoded_size_hint(const Scene& scene) {
  std::size_t size_bytes =
      4096 + scene.cameras.size() * kCameraBytes + scene.materials.size() * kMaterialBytes;
  for (const Texture& texture : scene.textures)
    size_bytes += texture.rgba.size() + kTextureBytes;
  for (const Mesh& mesh : scene.meshes) {
    size_bytes += kMeshBytes + 4 * mesh.indices.size();
    size_bytes += 12 * (mesh.positions.size() + mesh.normals.size()) + 8 * mesh.uvs.size();
  }
  for (const Instance& instance : scene.instances)
    size_bytes += 8 + 48 * instance.transforms.size();
  return size_bytes;
}

}  // namespace

std::vector<std::uint8_t> encode_scene(const Scene& scene) {
  Writer out;
  out.reserve(encoded_size_hint(scene));
  out.raw(kMagic);
  out.value(kSceneFormatVersion);
  out.value(scene.first_frame);
  out.value(scene.frame_count);
  out.value(static_cast<std::uint32_t>(scene.cameras.size()));
  for (const Camera& camera : scene.cameras)
    fields(out, camera);
  fields(out, scene.environment);
  out.value(static_cast<std::uint32_t>(scene.materials.size()));
  for (const Material& material : scene.materials)
    fields(out, material);
  out.value(static_cast<std::uint32_t>(scene.textures.size()));
  for (const Texture& texture : scene.textures) {
    out.value(texture.width);
    out.value(texture.height);
    out.raw(texture.rgba);
  }
  out.value(static_cast<std::uint32_t>(scene.meshes.size()));
  for (const Mesh& mesh : scene.meshes) {
    out.list(mesh.positions);
    out.list(mesh.normals);
    out.list(mesh.uvs);
    out.list(mesh.indices);
    out.value(mesh.material);
  }
  out.value(static_cast<std::uint32_t>(scene.instances.size()));
  for (const Instance& instance : scene.instances) {
    out.value(instance.mesh);
    out.list(instance.transforms);
  }
  return out.take();
}

bool decode_scene(std::span<const std::uint8_t> bytes, Scene& scene, std::string& error) {
  const auto refuse = [&error](const std::string& why) {
    error = "scene blob: " + why;
    return false;
  };
  if (bytes.size() > kMaxSceneBytes) {
    return refuse(std::to_string(bytes.size()) + " bytes exceed the bound of " +
                  std::to_string(kMaxSceneBytes));
  }
  if (bytes.size() < kMagic.size() || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return refuse("it does not start with the mark of a scene; make one with `reeve render` or the importer");
  }
  Reader in(bytes.subspan(kMagic.size()));
  std::uint32_t version = 0;
  in.value(version);
  if (in.ok() && version != kSceneFormatVersion) {
    return refuse("version = " + std::to_string(version) + "; this program reads version " +
                  std::to_string(kSceneFormatVersion));
  }
  scene = Scene{};
  read_scene(in, scene);
  if (!in.ok()) return refuse(in.error());
  if (!in.at_end()) return refuse("bytes follow the last instance");
  std::string why;
  return check_scene(scene, why) || refuse(why);
}

}  // namespace reeve::kernels
