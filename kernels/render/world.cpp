#include "kernels/render/world.h"

#include "kernels/core/math.h"
#include "kernels/core/vec3.h"
#include "kernels/render/sampling.h"

namespace reeve::kernels {
namespace {

Vec3 to_vec3(const Float3& a) {
  return load_vec3(a.data());
}

/// A 3x4 transform; normals go by the cofactors of its linear part.
struct Placement {
  Vec3 row[3];
  Vec3 cofactor[3];
  Vec3 offset;
  bool mirrored;

  explicit Placement(const Transform& t)
      : row{vec3(t[0], t[1], t[2]), vec3(t[4], t[5], t[6]), vec3(t[8], t[9], t[10])},
        offset{vec3(t[3], t[7], t[11])} {
    cofactor[0] = cross(row[1], row[2]);
    cofactor[1] = cross(row[2], row[0]);
    cofactor[2] = cross(row[0], row[1]);
    mirrored = dot(row[0], cofactor[0]) < F32(0);
  }
  Vec3 point(Vec3 p) const {
    const auto axis = [&p](Vec3 r, F32 shift) { return fma(r.x, p.x, fma(r.y, p.y, fma(r.z, p.z, shift))); };
    return {axis(row[0], offset.x), axis(row[1], offset.y), axis(row[2], offset.z)};
  }
  Vec3 normal(Vec3 n) const {
    const Vec3 turned{dot(cofactor[0], n), dot(cofactor[1], n), dot(cofactor[2], n)};
    return normalize_or(mirrored ? -turned : turned, vec3(0, 0, 0));
  }
};

struct WorldVertices {
  std::vector<Vec3> positions, normals;

  WorldVertices(const Mesh& mesh, const Placement& placement) {
    positions.reserve(mesh.positions.size());
    for (const Float3& position : mesh.positions)
      positions.push_back(placement.point(to_vec3(position)));
    normals.reserve(mesh.normals.size());
    for (const Float3& normal : mesh.normals)
      normals.push_back(placement.normal(to_vec3(normal)));
  }
};

TriangleView world_triangle(const Mesh& mesh, const WorldVertices& vertices,
                            const std::uint32_t (&index)[3]) {
  TriangleView triangle{};
  const Vec3 corner = vertices.positions[index[0]];
  const Vec3 edge1 = vertices.positions[index[1]] - corner;
  const Vec3 edge2 = vertices.positions[index[2]] - corner;
  store_vec3(triangle.corner, corner);
  store_vec3(triangle.edge1, edge1);
  store_vec3(triangle.edge2, edge2);
  const Vec3 flat = normalize_or(cross(edge1, edge2), vec3(0, 0, 0));
  for (int i = 0; i < 3; ++i) {
    store_vec3(triangle.normal[i], mesh.normals.empty() ? flat : vertices.normals[index[i]]);
    if (mesh.uvs.empty()) continue;
    triangle.uv[i][0] = mesh.uvs[index[i]][0];
    triangle.uv[i][1] = mesh.uvs[index[i]][1];
  }
  triangle.material = mesh.material;
  triangle.light = kNone;
  return triangle;
}

/// A perceptual roughness below this is a mirror: its lobe is narrower than a float resolves.
constexpr float kMirrorRoughness = 0.05f;

/// Twice the triangle's area.
F32 double_area(const TriangleView& t) {
  return length(cross(load_vec3(t.edge1), load_vec3(t.edge2)));
}

/// A light's relative power; 0 where it has none that a float can hold.
F32 light_power(const TriangleView& triangle, std::span<const MaterialView> materials) {
  const F32 power = double_area(triangle) * luminance(load_vec3(materials[triangle.material].emission));
  return power > F32(0) && power < F32(1e30f) ? power : F32(0);
}

}  // namespace

std::size_t table_index(std::size_t table_size, std::uint32_t frame_index) {
  return table_size == 1 ? 0 : frame_index;
}

std::vector<TriangleView> world_triangles(const Scene& scene, std::uint32_t frame_index) {
  std::size_t count = 0;
  for (const Instance& instance : scene.instances)
    count += scene.meshes[instance.mesh].indices.size() / 3;
  std::vector<TriangleView> triangles;
  triangles.reserve(count);
  for (const Instance& instance : scene.instances) {
    const Mesh& mesh = scene.meshes[instance.mesh];
    const Placement placement(instance.transforms[table_index(instance.transforms.size(), frame_index)]);
    const WorldVertices vertices(mesh, placement);
    for (std::size_t i = 0; i + 2 < mesh.indices.size(); i += 3) {
      // A mirrored instance keeps its outside by turning its triangles round.
      const std::size_t second = placement.mirrored ? 2 : 1;
      const std::uint32_t index[3]{mesh.indices[i], mesh.indices[i + second], mesh.indices[i + 3 - second]};
      triangles.push_back(world_triangle(mesh, vertices, index));
    }
  }
  return triangles;
}

std::vector<MaterialView> material_views(const Scene& scene) {
  std::vector<MaterialView> views;
  views.reserve(scene.materials.size());
  for (const Material& material : scene.materials) {
    MaterialView view{};
    view.kind = static_cast<std::uint32_t>(material.kind);
    store_vec3(view.base_color, to_vec3(material.base_color));
    view.base_texture = material.base_texture;
    const F32 roughness(material.roughness);
    view.alpha = roughness < F32(kMirrorRoughness) ? 0.0f : (roughness * roughness).value;
    view.ior = material.ior;
    store_vec3(view.emission, to_vec3(material.emission) * F32(material.emission_strength));
    view.emission_texture = material.emission_texture;
    views.push_back(view);
  }
  return views;
}

std::vector<float> srgb_table() {
  std::vector<float> table;
  table.reserve(256);
  for (std::int32_t i = 0; i < 256; ++i) {
    const F32 encoded = from_int(i) / F32(255);
    const F32 linear = encoded <= F32(0.04045f) ? encoded / F32(12.92f)
                                                : pow((encoded + F32(0.055f)) / F32(1.055f), F32(2.4f));
    table.push_back(linear.value);
  }
  return table;
}

std::vector<LightView> find_lights(std::span<TriangleView> triangles, std::span<const MaterialView> materials,
                                   std::uint64_t& total_weight) {
  F32 largest(0);
  for (const TriangleView& triangle : triangles)
    largest = max(largest, light_power(triangle, materials));
  std::vector<LightView> lights;
  std::vector<std::uint32_t> weights;
  total_weight = 0;
  for (std::uint32_t id = 0; id < triangles.size(); ++id) {
    const F32 power = light_power(triangles[id], materials);
    if (!(power > F32(0))) continue;
    // Integer weights, so that their sum has no order.
    const std::int32_t share = to_int(clamp(power / largest, F32(0), F32(1)) * F32(0x1p24f));
    weights.push_back(static_cast<std::uint32_t>(share < 1 ? 1 : share));
    triangles[id].light = static_cast<std::uint32_t>(lights.size());
    lights.push_back({total_weight, id, 0});
    total_weight += weights.back();
  }
  for (std::size_t i = 0; i < lights.size(); ++i) {
    const F32 chance = from_int64(weights[i]) / from_int64(static_cast<std::int64_t>(total_weight));
    lights[i].density = (chance / (double_area(triangles[lights[i].triangle]) * F32(0.5f))).value;
  }
  return lights;
}

CameraView camera_view(const Camera& camera) {
  CameraView view{};
  const Vec3 forward = normalize(to_vec3(camera.forward));
  const Vec3 right = normalize(cross(forward, normalize(to_vec3(camera.up))));
  const Vec3 up = cross(right, forward);
  const SinCos half = sin_cos_pi(F32(camera.vertical_fov_radians) * F32(0.5f * kInversePi));
  const F32 tangent = half.sin / half.cos;
  store_vec3(view.eye, to_vec3(camera.eye));
  store_vec3(view.forward, forward);
  store_vec3(view.unit_right, right);
  store_vec3(view.unit_up, up);
  store_vec3(view.right, right * tangent);
  store_vec3(view.up, up * tangent);
  view.lens_radius = camera.lens_radius;
  view.focus_distance = camera.focus_distance;
  return view;
}

EnvironmentView environment_view(const Environment& environment) {
  EnvironmentView view{};
  view.kind = static_cast<std::uint32_t>(environment.kind);
  view.texture = environment.texture;
  view.strength = environment.strength;
  const F32 strength(environment.strength);
  store_vec3(view.zenith, to_vec3(environment.zenith) * strength);
  store_vec3(view.horizon, to_vec3(environment.horizon) * strength);
  store_vec3(view.ground, to_vec3(environment.ground) * strength);
  const Vec3 irradiance = to_vec3(environment.sun_irradiance);
  view.has_sun = is_black(irradiance) ? 0 : 1;
  store_vec3(view.sun_direction, normalize(to_vec3(environment.sun_direction)));
  store_vec3(view.sun_irradiance, irradiance);
  const SinCos radius = sin_cos_pi(F32(environment.sun_angular_radius_radians) * F32(kInversePi));
  const F32 sin2 = radius.sin * radius.sin;
  view.sun_tan_radius = (radius.sin / radius.cos).value;
  view.sun_sin_radius2 = sin2.value;
  if (sin2 > F32(1e-12f)) store_vec3(view.sun_radiance, irradiance * (F32(1) / (F32(kPi) * sin2)));
  return view;
}

}  // namespace reeve::kernels
