#pragma once

#include <cstdint>

#include "kernels/render/scene_format.h"

namespace reeve::kernels {

/// Scenes for tests, benchmarks and golden hashes, made with F32 alone and so the same in every build.

struct TestSceneOptions {
  std::uint32_t detail = 32;  ///< segments around each ball; triangles grow as its square
  std::uint32_t frames = 2;
};

/// Out of doors: balls of every material around a knobbly one on a tiled floor, a lantern, a low sun, a
/// gradient sky; the camera and one ball move from frame to frame. About 9 · detail² triangles.
Scene make_garden_scene(const TestSceneOptions& options);

/// Indoors: the same balls lit by a textured panel and a textured environment, through a lens, no sun;
/// instances scaled, sheared and mirrored.
Scene make_studio_scene(const TestSceneOptions& options);

/// One knobbly ball of detail² triangles on a floor, seen from so near that it fills most of the frame.
Scene make_boulder_scene(std::uint32_t detail);

}  // namespace reeve::kernels
