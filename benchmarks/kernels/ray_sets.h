#pragma once

#include <string>
#include <vector>

#include "kernels/render/prepare.h"
#include "kernels/render/render.h"

namespace reeve::kernels {

/// A scene and what is shot at it.
struct RaySets {
  std::string name;
  Scene scene;
  std::shared_ptr<const PreparedFrame> frame;
  std::vector<RayIn> primary;  ///< one for each pixel of a square, in 4x4 blocks as a tile takes them
  std::vector<RayIn> diffuse;  ///< a cosine-distributed one from each hit of the primary ones
};

/// side: pixels along the square's edge, a multiple of 4.
RaySets make_ray_sets(std::string name, Scene scene, std::uint32_t side);

/// A mesh read from a Wavefront OBJ file (its v and f lines alone) on a floor, seen from the front; a scene
/// without meshes where there is no such file.
Scene load_obj_scene(const std::string& path);

}  // namespace reeve::kernels
