#include "kernels/render/prepare.h"

#include <cmath>

#include "kernels/core/float_environment.h"
#include "kernels/render/world.h"

namespace reeve::kernels {
namespace {

/// Beyond this the slab test could overflow.
constexpr float kMaxWorldCoordinate = 1e15f;

bool in_bounds(const TriangleView& triangle) {
  for (int axis = 0; axis < 3; ++axis) {
    // Written so that NaN fails.
    const bool ok = std::fabs(triangle.corner[axis]) <= kMaxWorldCoordinate &&
                    std::fabs(triangle.edge1[axis]) <= kMaxWorldCoordinate &&
                    std::fabs(triangle.edge2[axis]) <= kMaxWorldCoordinate;
    if (!ok) return false;
  }
  return true;
}

void pack_textures(const Scene& scene, std::vector<TextureView>& views, std::vector<std::uint32_t>& texels) {
  for (const Texture& texture : scene.textures) {
    views.push_back({texels.size(), texture.width, texture.height});
    texels.reserve(texels.size() + texture.rgba.size() / 4);
    for (std::size_t i = 0; i + 3 < texture.rgba.size(); i += 4) {
      const std::uint8_t* rgba = texture.rgba.data() + i;
      texels.push_back(std::uint32_t{rgba[0]} | std::uint32_t{rgba[1]} << 8 | std::uint32_t{rgba[2]} << 16 |
                       std::uint32_t{rgba[3]} << 24);
    }
  }
}

}  // namespace

std::shared_ptr<const PreparedFrame> PreparedFrame::prepare(const Scene& scene, std::uint32_t frame,
                                                            std::string& error, const BvhOptions& options) {
  if (frame < scene.first_frame || frame - scene.first_frame >= scene.frame_count) {
    error = "frame = " + std::to_string(frame) + " is none of the scene's " +
            std::to_string(scene.first_frame) + ".." +
            std::to_string(scene.first_frame + scene.frame_count - 1);
    return nullptr;
  }
  const FloatEnvironment float_environment;
  const std::uint32_t frame_index = frame - scene.first_frame;
  std::shared_ptr<PreparedFrame> prepared(new PreparedFrame);
  PreparedFrame& p = *prepared;
  p.triangles_ = world_triangles(scene, frame_index);
  for (const TriangleView& triangle : p.triangles_) {
    if (in_bounds(triangle)) continue;
    error = "frame " + std::to_string(frame) + ": an instance's transform carries it beyond 1e15 metres";
    return nullptr;
  }
  p.materials_ = material_views(scene);
  pack_textures(scene, p.textures_, p.texels_);
  p.srgb_to_linear_ = srgb_table();
  SceneView& view = p.view_;
  p.lights_ = find_lights(p.triangles_, p.materials_, view.light_weight);
  p.bvh_ = build_bvh(p.triangles_, p.materials_, options);
  view.nodes = p.bvh_.nodes.data();
  view.leaves = p.bvh_.leaves.data();
  view.triangles = p.triangles_.data();
  view.materials = p.materials_.data();
  view.textures = p.textures_.data();
  view.texels = p.texels_.data();
  view.srgb_to_linear = p.srgb_to_linear_.data();
  view.lights = p.lights_.data();
  view.light_count = static_cast<std::uint32_t>(p.lights_.size());
  view.frame = frame;
  view.camera = camera_view(scene.cameras[table_index(scene.cameras.size(), frame_index)]);
  view.environment = environment_view(scene.environment);
  return prepared;
}

}  // namespace reeve::kernels
