#pragma once

#include <cstdint>

namespace reeve::kernels {

/// A prepared frame as plain arrays, for the kernels of every instruction set and for the device. All floats
/// here were computed with F32 and so are the same everywhere, but for the shape of the tree, which the hit
/// contract makes irrelevant.

inline constexpr std::uint32_t kNone = 0xffffffffu;

/// Children of a node and triangles of a leaf: what one AVX2 register compares.
inline constexpr std::uint32_t kWidth = 8;

/// The builder keeps binary depth below this (the last 24 levels by halving), so that a traversal's stack,
/// at most kWidth - 1 new entries a level, is bounded.
inline constexpr std::uint32_t kMaxTreeDepth = 48;
inline constexpr std::uint32_t kTraversalStack = kMaxTreeDepth * (kWidth - 1) + 1;

/// Where a node's upper planes begin; an axis's lower ones begin at axis · kWidth.
inline constexpr std::uint32_t kHighPlanes = 3 * kWidth;

/// Eight boxes by component; an absent child has an empty box (low > high). One array of planes, so that a
/// ray works out once, for all nodes, which planes it meets first.
struct alignas(64) TreeNode {
  float planes[6 * kWidth];
  std::int32_t child[kWidth];  ///< >= 0: a node; else ~index of a leaf
};

/// Up to eight triangles by component; absent lanes are all zero, which no ray hits.
struct alignas(32) TreeLeaf {
  float corner[3][kWidth];
  float edge1[3][kWidth];
  float edge2[3][kWidth];
  std::uint32_t triangle[kWidth];
  std::uint32_t count;
  std::uint32_t blocks_light;  ///< one bit a lane: shadow rays stop here (all but glass)
};

/// A world triangle for shading.
struct TriangleView {
  float corner[3];
  float edge1[3];
  float edge2[3];
  float normal[3][3];  ///< unit, at each corner
  float uv[3][2];
  std::uint32_t material;
  std::uint32_t light;  ///< index into lights, or kNone
};

struct MaterialView {
  std::uint32_t kind;
  float base_color[3];
  std::uint32_t base_texture;
  float alpha;  ///< GGX; 0 is a mirror
  float ior;
  float emission[3];  ///< radiance
  std::uint32_t emission_texture;
};

struct TextureView {
  std::uint64_t first_texel;  ///< into texels
  std::uint32_t width, height;
};

/// An emissive triangle, chosen in proportion to weight.
struct LightView {
  std::uint64_t weight_below;  ///< sum of the weights before this one
  std::uint32_t triangle;
  float density;  ///< chance of choosing it / its area: per square metre
};

struct CameraView {
  float eye[3];
  float right[3];  ///< scaled as up: the camera kernel applies the aspect
  float up[3];     ///< scaled: the image's half height at unit distance
  float forward[3];
  float unit_right[3], unit_up[3];
  float lens_radius, focus_distance;
};

struct EnvironmentView {
  std::uint32_t kind;
  std::uint32_t texture;
  float zenith[3], horizon[3], ground[3];  ///< strength applied
  float strength;
  std::uint32_t has_sun;
  float sun_direction[3];
  float sun_irradiance[3];
  float sun_radiance[3];  ///< of the visible disc
  float sun_tan_radius;
  float sun_sin_radius2;  ///< squared sine of the angular radius
};

struct SceneView {
  const TreeNode* nodes;
  const TreeLeaf* leaves;
  const TriangleView* triangles;
  const MaterialView* materials;
  const TextureView* textures;
  const std::uint32_t* texels;  ///< R | G << 8 | B << 16 | A << 24
  const float* srgb_to_linear;  ///< 256 entries
  const LightView* lights;
  std::uint64_t light_weight;  ///< of all lights
  std::uint32_t light_count;
  std::uint32_t frame;
  CameraView camera;
  EnvironmentView environment;
};

}  // namespace reeve::kernels
