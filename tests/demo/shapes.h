#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/demo/vec.h"

namespace reeve::demo {

/// An indexed triangle mesh; normals and uvs have one entry for each position, indices three for each
/// triangle.
struct Mesh {
  std::vector<Vec3> positions;
  std::vector<Vec3> normals;
  std::vector<Vec2> uvs;
  std::vector<std::uint32_t> indices;
};

/// A point of a surface for (u, v) in [0, 1]².
using Surface = std::function<Vec3(float u, float v)>;

/// Tessellates a surface into columns × rows quads with normals along dP/du × dP/dv; triangles without area
/// are left out.
Mesh tessellate(std::uint32_t columns, std::uint32_t rows, const Surface& surface);

Mesh make_sphere(float radius, std::uint32_t columns, std::uint32_t rows);

/// A ring around +y with a rounded rectangular band: `width` along y, `thickness` along the radius.
Mesh make_band(float radius, float width, float thickness, std::uint32_t columns);

/// Turns a smooth curve through `profile` (x: radius, y: height, from bottom to top) around +y.
Mesh make_lathe(const std::vector<Vec2>& profile, std::uint32_t columns, std::uint32_t rows);

/// A (p, q) torus knot around +y.
Mesh make_knot(int p, int q, float radius, float tube_radius, std::uint32_t columns, std::uint32_t rows);

/// A box about the origin whose edges are rounded; `steps` quads along each edge of a face.
Mesh make_rounded_box(const Vec3& half_size, float edge_radius, std::uint32_t steps);

/// A flat rectangle: corner, then two edges; it faces edge_u × edge_v. uvs run over [0, uv_scale].
Mesh make_rectangle(const Vec3& corner, const Vec3& edge_u, const Vec3& edge_v, const Vec2& uv_scale);

/// Appends `part`, moved by `offset`, to `whole`.
void append_mesh(Mesh& whole, const Mesh& part, const Vec3& offset = {});

}  // namespace reeve::demo
