#pragma once

#include <cstddef>
#include <cstdint>

/// Bounds of an image, each with its reason. An image that exceeds one is refused by name.
namespace reeve::agent::image::bounds {

/// Entries of the archive itself: a layer has one in the OCI layout and three in older ones of docker save.
inline constexpr std::size_t kArchiveEntries = 1024;
/// An index, a manifest or a configuration: registries take no larger ones.
inline constexpr std::size_t kDocumentBytes = 4U << 20;
/// An index names an index for each platform, which names the manifests: beyond this it leads in circles.
inline constexpr int kIndexesDeep = 4;
/// Overlay file systems, on which others run images, take no more.
inline constexpr std::size_t kLayers = 128;
/// Entries of all layers together: the largest published ones, with CUDA and several Pythons, have half of
/// it.
inline constexpr std::uint64_t kEntries = 1'000'000;
/// PATH_MAX, less its zero.
inline constexpr std::size_t kPathBytes = 4095;
/// As deep as the watch of a sandbox looks (sandbox/watch.cpp), less what stands above the root.
inline constexpr std::size_t kFoldersDeep = 60;
/// Variables of the configuration, and their bytes: what leaves room for a command line.
inline constexpr std::size_t kVariables = 1024;
inline constexpr std::size_t kVariableBytes = 128U << 10;

}  // namespace reeve::agent::image::bounds
