#include "agent/compare/pixels.h"

#include <cmath>

namespace reeve::agent::compare {
namespace {

const char* type_name(Sample type) {
  switch (type) {
    case Sample::kU8: return "8 bits";
    case Sample::kU16: return "16 bits";
    case Sample::kU32: return "32-bit integers";
    case Sample::kHalf: return "half";
    case Sample::kFloat: return "float";
  }
  return "?";
}

std::string size_of(const Picture& picture) {
  return std::to_string(picture.width) + " x " + std::to_string(picture.height);
}

/// The largest difference seen, and where.
struct Worst {
  double by = -1;  // below 0: nothing seen
  std::uint64_t pixel = 0;
  const Channel* channel = nullptr;

  void see(double difference, std::uint64_t at, const Channel& in) {
    // What is no number differs by more than any number.
    if (std::isnan(difference)) difference = INFINITY;
    if (difference > by) *this = {difference, at, &in};
  }
  std::string text(const Picture& picture) const {
    std::string by_how_much = std::isinf(by) ? "beyond measure" : "by " + brief(by);
    if (channel->type == Sample::kU8) by_how_much += " of 255";
    if (channel->type == Sample::kU16) by_how_much += " of 65,535";
    return "worst " + by_how_much + " at (" + std::to_string(pixel % picture.width) + ", " +
           std::to_string(pixel / picture.width) + ") in " + one_line(channel->name, 64);
  }
};

}  // namespace

std::string shapes_differ(const Picture& a, const Picture& b) {
  if (a.width != b.width || a.height != b.height) return size_of(a) + " pixels and " + size_of(b) + " pixels";
  if (a.window != b.window) return "the same size, but another data or display window";
  if (a.channels.size() != b.channels.size())
    return std::to_string(a.channels.size()) + " and " + std::to_string(b.channels.size()) + " channels";
  for (std::size_t c = 0; c < a.channels.size(); ++c) {
    const Channel& one = a.channels[c];
    const Channel& other = b.channels[c];
    if (one.name != other.name)
      return "channel " + one_line(one.name, 64) + " and channel " + one_line(other.name, 64);
    if (one.type != other.type)
      return "channel " + one_line(one.name, 64) + " has " + type_name(one.type) + " and " +
             type_name(other.type);
  }
  return "";
}

Verdict compare_pixels(const Picture& a, const Picture& b) {
  if (const std::string shapes = shapes_differ(a, b); !shapes.empty()) return differ(shapes);
  std::uint64_t differing = 0;
  Worst worst;
  for (std::uint64_t pixel = 0; pixel < a.pixels(); ++pixel) {
    bool equal = true;
    for (std::size_t c = 0; c < a.channels.size(); ++c) {
      const Channel& one = a.channels[c];
      if (a.bits(one, pixel) == b.bits(b.channels[c], pixel)) continue;
      equal = false;
      worst.see(std::abs(a.value(one, pixel) - b.value(b.channels[c], pixel)), pixel, one);
    }
    differing += equal ? 0 : 1;
  }
  if (differing == 0) return same("all " + grouped(a.pixels()) + " pixels are equal");
  return differ(grouped(differing) + " of " + grouped(a.pixels()) + " pixels differ, " + worst.text(a));
}

}  // namespace reeve::agent::compare
