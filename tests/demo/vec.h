#pragma once

#include <cmath>

namespace reeve::demo {

inline constexpr float kPi = 3.14159265358979F;

struct Vec2 {
  float x = 0;
  float y = 0;
};

struct Vec3 {
  float x = 0;
  float y = 0;
  float z = 0;

  constexpr Vec3 operator+(const Vec3& o) const { return {x + o.x, y + o.y, z + o.z}; }
  constexpr Vec3 operator-(const Vec3& o) const { return {x - o.x, y - o.y, z - o.z}; }
  constexpr Vec3 operator*(float s) const { return {x * s, y * s, z * s}; }
};

constexpr float dot(const Vec3& a, const Vec3& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

constexpr Vec3 cross(const Vec3& a, const Vec3& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

inline float length(const Vec3& v) {
  return std::sqrt(dot(v, v));
}

/// The unit vector along v, or +y where v has no length.
inline Vec3 normalize(const Vec3& v) {
  const float l = length(v);
  return l > 1e-12F ? v * (1 / l) : Vec3{0, 1, 0};
}

constexpr float mix(float a, float b, float t) {
  return a + (b - a) * t;
}
constexpr Vec3 mix(const Vec3& a, const Vec3& b, float t) {
  return a + (b - a) * t;
}

constexpr float smooth_step(float low, float high, float x) {
  float t = (x - low) / (high - low);
  t = t < 0 ? 0 : (t > 1 ? 1 : t);
  return t * t * (3 - 2 * t);
}

}  // namespace reeve::demo
