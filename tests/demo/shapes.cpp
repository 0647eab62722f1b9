#include "tests/demo/shapes.h"

#include <algorithm>
#include <array>

namespace reeve::demo {
namespace {

void add_triangle(Mesh& mesh, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  const auto& p = mesh.positions;
  if (length(cross(p[b] - p[a], p[c] - p[a])) < 1e-9F) return;
  mesh.indices.insert(mesh.indices.end(), {a, b, c});
}

Vec3 surface_normal(const Surface& surface, float u, float v) {
  constexpr float kStep = 1e-3F;
  const float v_inside = std::clamp(v, kStep, 1 - kStep);
  const Vec3 du = surface(u + kStep, v_inside) - surface(u - kStep, v_inside);
  const Vec3 dv = surface(u, v_inside + kStep) - surface(u, v_inside - kStep);
  return normalize(cross(du, dv));
}

Vec2 catmull_rom(const std::vector<Vec2>& points, float t) {
  const auto last = static_cast<int>(points.size()) - 1;
  const float scaled = std::clamp(t, 0.F, 1.F) * static_cast<float>(last);
  const int segment = std::min(static_cast<int>(scaled), last - 1);
  const float f = scaled - static_cast<float>(segment);
  const auto at = [&](int i) { return points[static_cast<std::size_t>(std::clamp(i, 0, last))]; };
  const auto blend = [f](float a, float b, float c, float d) {
    return 0.5F *
           (2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f * f + (3 * b - a - 3 * c + d) * f * f * f);
  };
  const Vec2 a = at(segment - 1);
  const Vec2 b = at(segment);
  const Vec2 c = at(segment + 1);
  const Vec2 d = at(segment + 2);
  return {std::max(0.F, blend(a.x, b.x, c.x, d.x)), blend(a.y, b.y, c.y, d.y)};
}

}  // namespace

Mesh tessellate(std::uint32_t columns, std::uint32_t rows, const Surface& surface) {
  Mesh mesh;
  for (std::uint32_t j = 0; j <= rows; ++j) {
    for (std::uint32_t i = 0; i <= columns; ++i) {
      const float u = static_cast<float>(i) / static_cast<float>(columns);
      const float v = static_cast<float>(j) / static_cast<float>(rows);
      mesh.positions.push_back(surface(u, v));
      mesh.normals.push_back(surface_normal(surface, u, v));
      mesh.uvs.push_back({u, 1 - v});  // glTF: an image's first row is v = 0
    }
  }
  for (std::uint32_t j = 0; j < rows; ++j) {
    for (std::uint32_t i = 0; i < columns; ++i) {
      const std::uint32_t a = j * (columns + 1) + i;
      const std::uint32_t c = a + columns + 1;
      add_triangle(mesh, a, a + 1, c + 1);
      add_triangle(mesh, a, c + 1, c);
    }
  }
  return mesh;
}

Mesh make_sphere(float radius, std::uint32_t columns, std::uint32_t rows) {
  return tessellate(columns, rows, [radius](float u, float v) {
    const float azimuth = -2 * kPi * u;
    const float polar = kPi * (1 - v);
    const float ring = radius * std::sin(polar);
    return Vec3{ring * std::cos(azimuth), radius * std::cos(polar), ring * std::sin(azimuth)};
  });
}

Mesh make_band(float radius, float width, float thickness, std::uint32_t columns) {
  return tessellate(columns, 16, [=](float u, float v) {
    const float azimuth = -2 * kPi * u;
    const float angle = 2 * kPi * v;
    // A superellipse of degree 5: flat faces, small round edges.
    const auto rounded = [](float s) { return std::copysign(std::pow(std::fabs(s), 0.4F), s); };
    const float r = radius + 0.5F * thickness * rounded(std::cos(angle));
    return Vec3{r * std::cos(azimuth), 0.5F * width * rounded(std::sin(angle)), r * std::sin(azimuth)};
  });
}

Mesh make_lathe(const std::vector<Vec2>& profile, std::uint32_t columns, std::uint32_t rows) {
  return tessellate(columns, rows, [&profile](float u, float v) {
    const Vec2 p = catmull_rom(profile, v);
    const float azimuth = -2 * kPi * u;
    return Vec3{p.x * std::cos(azimuth), p.y, p.x * std::sin(azimuth)};
  });
}

Mesh make_knot(int p, int q, float radius, float tube_radius, std::uint32_t columns, std::uint32_t rows) {
  const auto centre = [=](float u) {
    const float t = 2 * kPi * u;
    const float r = radius * (1 + 0.42F * std::cos(static_cast<float>(q) * t));
    const float around = static_cast<float>(p) * t;
    return Vec3{r * std::cos(around), radius * 0.42F * std::sin(static_cast<float>(q) * t),
                r * std::sin(around)};
  };
  return tessellate(columns, rows, [=](float u, float v) {
    const Vec3 tangent = normalize(centre(u + 5e-4F) - centre(u - 5e-4F));
    const Vec3 side = normalize(cross(tangent, Vec3{0, 1, 0}));
    const Vec3 up = cross(side, tangent);
    const float angle = 2 * kPi * v;
    return centre(u) + (side * std::cos(angle) + up * std::sin(angle)) * tube_radius;
  });
}

Mesh make_rounded_box(const Vec3& half_size, float edge_radius, std::uint32_t steps) {
  constexpr std::array<std::array<Vec3, 3>, 6> kFaces = {{
      {Vec3{1, 0, 0}, Vec3{0, 1, 0}, Vec3{0, 0, 1}},
      {Vec3{-1, 0, 0}, Vec3{0, 0, 1}, Vec3{0, 1, 0}},
      {Vec3{0, 1, 0}, Vec3{0, 0, 1}, Vec3{1, 0, 0}},
      {Vec3{0, -1, 0}, Vec3{1, 0, 0}, Vec3{0, 0, 1}},
      {Vec3{0, 0, 1}, Vec3{1, 0, 0}, Vec3{0, 1, 0}},
      {Vec3{0, 0, -1}, Vec3{0, 1, 0}, Vec3{1, 0, 0}},
  }};
  const Vec3 inner = {half_size.x - edge_radius, half_size.y - edge_radius, half_size.z - edge_radius};
  Mesh box;
  for (const auto& [normal, edge_u, edge_v] : kFaces) {
    const auto on_cube = [&](float u, float v) {
      // Steps gather at the edges, where the surface bends.
      const auto bend = [](float s) { return std::sin((s - 0.5F) * kPi); };
      const Vec3 p = normal + edge_u * bend(u) + edge_v * bend(v);
      return Vec3{p.x * half_size.x, p.y * half_size.y, p.z * half_size.z};
    };
    const auto core = [&](const Vec3& p) {
      return Vec3{std::clamp(p.x, -inner.x, inner.x), std::clamp(p.y, -inner.y, inner.y),
                  std::clamp(p.z, -inner.z, inner.z)};
    };
    Mesh face = tessellate(steps, steps, [&](float u, float v) {
      const Vec3 p = on_cube(u, v);
      return core(p) + normalize(p - core(p)) * edge_radius;
    });
    for (std::size_t i = 0; i < face.positions.size(); ++i) {
      face.normals[i] = normalize(face.positions[i] - core(face.positions[i]));
    }
    append_mesh(box, face);
  }
  return box;
}

Mesh make_rectangle(const Vec3& corner, const Vec3& edge_u, const Vec3& edge_v, const Vec2& uv_scale) {
  Mesh mesh;
  mesh.positions = {corner, corner + edge_u, corner + edge_u + edge_v, corner + edge_v};
  mesh.normals.assign(4, normalize(cross(edge_u, edge_v)));
  mesh.uvs = {{0, uv_scale.y}, {uv_scale.x, uv_scale.y}, {uv_scale.x, 0}, {0, 0}};
  mesh.indices = {0, 1, 2, 0, 2, 3};
  return mesh;
}

void append_mesh(Mesh& whole, const Mesh& part, const Vec3& offset) {
  const auto base = static_cast<std::uint32_t>(whole.positions.size());
  for (const Vec3& p : part.positions)
    whole.positions.push_back(p + offset);
  whole.normals.insert(whole.normals.end(), part.normals.begin(), part.normals.end());
  whole.uvs.insert(whole.uvs.end(), part.uvs.begin(), part.uvs.end());
  for (const std::uint32_t i : part.indices)
    whole.indices.push_back(base + i);
}

}  // namespace reeve::demo
