#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/render/bvh.h"
#include "kernels/render/scene_format.h"
#include "kernels/render/view.h"

namespace reeve::kernels {

/// A scene at one frame, ready to be rendered: world triangles, tree, textures, lights. Immutable, so tiles
/// and threads share it; holds no reference to the scene. Takes about 330 bytes a triangle.
class PreparedFrame {
 public:
  /// frame: of scene.first_frame and the scene.frame_count - 1 that follow. The scene must pass
  /// `check_scene`. Null, with a reason in `error`, where the scene has no such frame or its transforms leave
  /// the bounds.
  static std::shared_ptr<const PreparedFrame> prepare(const Scene& scene, std::uint32_t frame,
                                                      std::string& error, const BvhOptions& options = {});

  PreparedFrame(const PreparedFrame&) = delete;
  PreparedFrame& operator=(const PreparedFrame&) = delete;

  /// Plain arrays that live as long as this.
  const SceneView& view() const { return view_; }
  std::uint32_t frame() const { return view_.frame; }
  const PageVector<TreeNode>& nodes() const { return bvh_.nodes; }
  const PageVector<TreeLeaf>& leaves() const { return bvh_.leaves; }
  const std::vector<TriangleView>& triangles() const { return triangles_; }
  const std::vector<MaterialView>& materials() const { return materials_; }
  const std::vector<TextureView>& textures() const { return textures_; }
  const std::vector<std::uint32_t>& texels() const { return texels_; }
  const std::vector<float>& srgb_to_linear() const { return srgb_to_linear_; }
  const std::vector<LightView>& lights() const { return lights_; }

 private:
  PreparedFrame() = default;

  Bvh bvh_;
  std::vector<TriangleView> triangles_;
  std::vector<MaterialView> materials_;
  std::vector<TextureView> textures_;
  std::vector<std::uint32_t> texels_;
  std::vector<float> srgb_to_linear_;
  std::vector<LightView> lights_;
  SceneView view_{};
};

}  // namespace reeve::kernels
