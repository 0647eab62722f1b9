#include <gtest/gtest.h>

#include <cstring>

#include "kernels/core/rng.h"
#include "kernels/render/bvh.h"
#include "kernels/render/intersect.h"
#include "kernels/render/render.h"
#include "kernels/render/sampling.h"
#include "kernels/verify/test_scene.h"

namespace reeve::kernels {
namespace {

constexpr float kShadowDistance = 2.5f;

/// What every tree must find: all triangles, one after another, by the contract alone.
RayHit hit_by_force(const std::vector<TriangleView>& triangles, const RayIn& in, bool& blocked,
                    const std::vector<MaterialView>& materials) {
  const Ray ray = make_ray(load_vec3(in.origin), load_vec3(in.direction));
  Hit hit = no_hit();
  blocked = false;
  for (std::uint32_t id = 0; id < triangles.size(); ++id) {
    const Vec3 corner = load_vec3(triangles[id].corner);
    const Vec3 edge1 = load_vec3(triangles[id].edge1);
    const Vec3 edge2 = load_vec3(triangles[id].edge2);
    F32 t, u, v;
    if (!pass_triangle(ray, corner, edge1, edge2, t, u, v)) continue;
    if (!clamp_to_own_box(ray, corner, edge1, edge2, t)) continue;
    keep_nearest(t, u, v, id, hit);
    const auto kind = static_cast<MaterialKind>(materials[triangles[id].material].kind);
    if (kind != MaterialKind::kGlass && t > F32(0) && t < F32(kShadowDistance)) blocked = true;
  }
  return {hit.t.value, hit.u.value, hit.v.value, hit.triangle};
}

/// Rays from around and within the scene; some run along the axes, where slabs are touchiest, and some aim at
/// corners, where several triangles share a hit.
std::vector<RayIn> make_rays(const std::vector<TriangleView>& triangles, std::uint32_t count) {
  std::vector<RayIn> rays(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Random4 a = philox({{i, 0, 0, 0}}, 99);
    const Random4 b = philox({{i, 1, 0, 0}}, 99);
    const auto signed_unit = [](std::uint32_t word) { return fma(to_unit(word), F32(2), F32(-1)); };
    const Vec3 origin = Vec3{signed_unit(a.word[0]), signed_unit(a.word[1]), signed_unit(a.word[2])} * F32(3);
    Vec3 direction{signed_unit(b.word[0]), signed_unit(b.word[1]), signed_unit(b.word[2])};
    if (i % 4 == 1) direction = vec3(i % 3 == 0 ? 1 : 0, i % 3 == 1 ? -1 : 0, i % 3 == 2 ? 1 : 0);
    if (i % 4 == 2) direction = load_vec3(triangles[a.word[3] % triangles.size()].corner) - origin;
    store_vec3(rays[i].origin, origin);
    store_vec3(rays[i].direction, normalize_or(direction, vec3(0, 0, 1)));
  }
  return rays;
}

struct TreeKind {
  BvhBuilder builder;
  std::uint32_t leaf_triangles;
};

class EveryTree : public testing::TestWithParam<TreeKind> {};

INSTANTIATE_TEST_SUITE_P(Builders, EveryTree,
                         testing::Values(TreeKind{BvhBuilder::kBinnedSah, 8},
                                         TreeKind{BvhBuilder::kBinnedSah, 3},
                                         TreeKind{BvhBuilder::kBinnedSah, 1},
                                         TreeKind{BvhBuilder::kHalving, 8},
                                         TreeKind{BvhBuilder::kHalving, 1}));

TEST_P(EveryTree, FindsTheHitsThatForceFinds) {
  std::string error;
  const auto prepared = PreparedFrame::prepare(make_studio_scene({20, 1}), 1, error,
                                               {GetParam().builder, GetParam().leaf_triangles});
  ASSERT_NE(prepared, nullptr) << error;
  const auto rays = make_rays(prepared->triangles(), 3000);
  for (const KernelTable& kernel : all_kernels()) {
    if (!kernel.runs_here()) continue;
    std::vector<RayHit> hits(rays.size());
    std::vector<std::uint8_t> blocked(rays.size());
    kernel.trace_rays(prepared->view(), rays.data(), rays.size(), hits.data());
    kernel.block_rays(prepared->view(), rays.data(), rays.size(), kShadowDistance, blocked.data());
    std::size_t hit_count = 0;
    for (std::size_t i = 0; i < rays.size(); ++i) {
      bool is_blocked_by_force = false;
      const RayHit force =
          hit_by_force(prepared->triangles(), rays[i], is_blocked_by_force, prepared->materials());
      ASSERT_EQ(std::memcmp(&hits[i], &force, sizeof force), 0) << kernel.name << " ray " << i;
      ASSERT_EQ(blocked[i] != 0, is_blocked_by_force) << kernel.name << " ray " << i;
      hit_count += force.triangle != kNone ? 1 : 0;
    }
    EXPECT_GT(hit_count, rays.size() / 4) << "the rays must test something";
  }
}

TEST(Bvh, EveryTriangleIsInExactlyOneLeafAndEveryLeafUnderOneNode) {
  std::string error;
  const auto prepared = PreparedFrame::prepare(make_garden_scene({24, 1}), 1, error);
  ASSERT_NE(prepared, nullptr) << error;
  std::vector<int> seen(prepared->triangles().size());
  for (const TreeLeaf& leaf : prepared->leaves()) {
    ASSERT_LE(leaf.count, kWidth);
    for (std::uint32_t lane = 0; lane < leaf.count; ++lane)
      ++seen[leaf.triangle[lane]];
  }
  for (const int times : seen)
    EXPECT_EQ(times, 1);
  std::vector<int> parents(prepared->leaves().size());
  for (const TreeNode& node : prepared->nodes()) {
    for (std::uint32_t lane = 0; lane < kWidth; ++lane) {
      if (node.child[lane] < 0) ++parents[static_cast<std::size_t>(~node.child[lane])];
    }
  }
  for (const int times : parents)
    EXPECT_EQ(times, 1);
}

TEST(Bvh, ASceneWithoutTrianglesIsAllSky) {
  std::string error;
  Scene scene;
  scene.cameras = {Camera{}};
  const auto prepared = PreparedFrame::prepare(scene, 1, error);
  ASSERT_NE(prepared, nullptr) << error;
  const RayIn ray{{0, 0, 0}, {0, 0, 1}};
  for (const KernelTable& kernel : all_kernels()) {
    if (!kernel.runs_here()) continue;
    RayHit hit{};
    kernel.trace_rays(prepared->view(), &ray, 1, &hit);
    EXPECT_EQ(hit.triangle, kNone);
  }
}

TEST(Bvh, ManyTrianglesInOnePlaceStayWithinTheStack) {
  // No split separates equal boxes: only the halving by count ends, and the smallest id wins the tie.
  Scene scene;
  scene.cameras = {Camera{}};
  scene.materials = {Material{}};
  Mesh mesh;
  mesh.positions = {{-1, -1, -2}, {1, -1, -2}, {0, 1, -2}};
  for (int i = 0; i < 20000; ++i)
    mesh.indices.insert(mesh.indices.end(), {0, 1, 2});
  scene.meshes = {mesh};
  scene.instances = {{0, {kIdentityTransform}}};
  std::string error;
  const auto prepared = PreparedFrame::prepare(scene, 1, error);
  ASSERT_NE(prepared, nullptr) << error;
  const RayIn ray{{0, 0, 0}, {0, 0, -1}};
  for (const KernelTable& kernel : all_kernels()) {
    if (!kernel.runs_here()) continue;
    RayHit hit{};
    kernel.trace_rays(prepared->view(), &ray, 1, &hit);
    EXPECT_EQ(hit.triangle, 0u);
    EXPECT_EQ(hit.t, 2.0f);
  }
}

}  // namespace
}  // namespace reeve::kernels
