#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/render/scene_format.h"
#include "kernels/render/view.h"

namespace reeve::kernels {

/// The parts of a prepared frame, each a pure function of the scene.

/// Index of a frame into a table of one (static) or one for each frame.
std::size_t table_index(std::size_t table_size, std::uint32_t frame_index);

/// The triangles of all instances in order, in world space: a triangle's place here is its id.
std::vector<TriangleView> world_triangles(const Scene& scene, std::uint32_t frame_index);

std::vector<MaterialView> material_views(const Scene& scene);

/// 256 entries: the linear value of each 8-bit sRGB value. Source: IEC 61966-2-1.
std::vector<float> srgb_table();

/// Finds the emissive triangles, tells each its light's index, and returns the lights; total_weight is the
/// sum of their weights.
std::vector<LightView> find_lights(std::span<TriangleView> triangles, std::span<const MaterialView> materials,
                                   std::uint64_t& total_weight);

CameraView camera_view(const Camera& camera);
EnvironmentView environment_view(const Environment& environment);

}  // namespace reeve::kernels
