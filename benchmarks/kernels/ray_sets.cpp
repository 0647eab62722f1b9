#include "benchmarks/kernels/ray_sets.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "kernels/core/rng.h"
#include "kernels/core/vec3.h"
#include "kernels/render/sampling.h"

namespace reeve::kernels {
namespace {

std::vector<RayIn> primary_rays(const CameraView& camera, std::uint32_t side) {
  std::vector<RayIn> rays;
  rays.reserve(std::size_t{side} * side);
  for (std::uint32_t i = 0; i < side * side; ++i) {
    const std::uint32_t block = i / 16;
    const std::uint32_t x = block % (side / 4) * 4 + i % 4;
    const std::uint32_t y = block / (side / 4) * 4 + i / 4 % 4;
    const auto axis = [side](std::uint32_t at) {
      const F32 size = from_int(static_cast<std::int32_t>(side));
      return fma((from_int(static_cast<std::int32_t>(at)) + F32(0.5f)) / size, F32(2), F32(-1));
    };
    const Vec3 direction =
        fma(load_vec3(camera.right), axis(x), fma(load_vec3(camera.up), -axis(y), load_vec3(camera.forward)));
    RayIn ray{};
    store_vec3(ray.origin, load_vec3(camera.eye));
    store_vec3(ray.direction, normalize(direction));
    rays.push_back(ray);
  }
  return rays;
}

std::vector<RayIn> diffuse_rays(const PreparedFrame& frame, const std::vector<RayIn>& primary) {
  std::vector<RayHit> hits(primary.size());
  best_kernel().trace_rays(frame.view(), primary.data(), primary.size(), hits.data());
  std::vector<RayIn> rays;
  for (std::uint32_t i = 0; i < primary.size(); ++i) {
    if (hits[i].triangle == kNone) continue;
    const TriangleView& triangle = frame.triangles()[hits[i].triangle];
    const Vec3 along = load_vec3(primary[i].direction);
    Vec3 normal = normalize(cross(load_vec3(triangle.edge1), load_vec3(triangle.edge2)));
    if (dot(normal, along) > F32(0)) normal = -normal;
    const Random4 random = philox({{i, 0, 0, 0}}, 1);
    RayIn ray{};
    store_vec3(ray.origin, fma(normal, F32(1e-4f), fma(along, F32(hits[i].t), load_vec3(primary[i].origin))));
    const Vec3 local = sample_cosine(to_unit(random.word[0]), to_unit(random.word[1]));
    store_vec3(ray.direction, normalize(frame_around(normal).to_world(local)));
    rays.push_back(ray);
  }
  return rays;
}

/// Moves the mesh's box to the middle of the world and scales it to a height of 2.
void centre(Mesh& mesh) {
  Float3 low = mesh.positions[0];
  Float3 high = low;
  for (const Float3& at : mesh.positions) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], at[axis]);
      high[axis] = std::max(high[axis], at[axis]);
    }
  }
  const float scale = 2 / (high[1] - low[1]);
  for (Float3& at : mesh.positions) {
    for (std::size_t axis = 0; axis < 3; ++axis)
      at[axis] = (at[axis] - (low[axis] + high[axis]) / 2) * scale;
  }
}

}  // namespace

RaySets make_ray_sets(std::string name, Scene scene, std::uint32_t side) {
  RaySets sets;
  sets.name = std::move(name);
  sets.scene = std::move(scene);
  std::string error;
  sets.frame = PreparedFrame::prepare(sets.scene, sets.scene.first_frame, error);
  if (!sets.frame) {
    std::fprintf(stderr, "%s: %s\n", sets.name.c_str(), error.c_str());
    std::exit(1);
  }
  sets.primary = primary_rays(sets.frame->view().camera, side);
  sets.diffuse = diffuse_rays(*sets.frame, sets.primary);
  return sets;
}

Scene load_obj_scene(const std::string& path) {
  Scene scene;
  std::ifstream file(path);
  Mesh mesh;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, corner;
    words >> kind;
    if (kind == "v") {
      Float3 at{};
      words >> at[0] >> at[1] >> at[2];
      mesh.positions.push_back(at);
    } else if (kind == "f") {
      for (int i = 0; i < 3 && words >> corner; ++i)
        mesh.indices.push_back(static_cast<std::uint32_t>(std::stoul(corner)) - 1);
    }
  }
  if (mesh.positions.empty()) return scene;
  centre(mesh);
  scene.materials.resize(1);
  Mesh floor;
  floor.positions = {{-8, -1, -8}, {8, -1, -8}, {-8, -1, 8}, {8, -1, 8}};
  floor.indices = {0, 2, 1, 1, 2, 3};
  scene.meshes = {floor, mesh};
  scene.instances = {{0, {kIdentityTransform}}, {1, {kIdentityTransform}}};
  Camera camera;
  camera.eye = {0, 0.5f, 3};
  camera.forward = {0, -0.17f, -1};
  scene.cameras = {camera};
  return scene;
}

}  // namespace reeve::kernels
