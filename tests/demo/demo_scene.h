#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/demo/glb_writer.h"

namespace reeve::demo {

/// How many frames the loop has, and how fast they are shown.
struct Timing {
  std::uint32_t frames = 48;
  float frames_per_second = 24;

  float time_s(std::uint32_t frame) const { return static_cast<float>(frame) / frames_per_second; }
};

/// The manor's courtyard: paving, fields, house, tower, garden, lamps, the evening's key light.
void add_courtyard(GlbWriter& writer);

/// What stands on the paving: an armillary sphere that turns, glass, metal, painted vessels, a floating orb.
void add_still_life(GlbWriter& writer, const Timing& timing);

/// A camera that swings slowly about the still life and ends where it began.
void add_camera(GlbWriter& writer, const Timing& timing);

/// The whole demo scene as the bytes of a .glb file.
std::vector<std::byte> make_demo_scene(const Timing& timing, std::size_t* triangles = nullptr);

/// Adds a mesh of one material at a place of its own.
int place(GlbWriter& writer, const std::string& name, const Mesh& mesh, int material, const Vec3& translation,
          const Quaternion& rotation = {});

/// Adds a mesh of one material once and shows it at each place.
void place_each(GlbWriter& writer, const std::string& name, const Mesh& mesh, int material,
                std::span<const Vec3> places);

}  // namespace reeve::demo
