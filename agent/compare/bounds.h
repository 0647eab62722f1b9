#pragma once

#include <cstddef>
#include <cstdint>

/// What a comparator takes in at most. Results come from strangers: every size that a header claims is held
/// against these before anything is allocated. docs/formats/comparators.md repeats them.
namespace reeve::agent::compare {

/// Pixels a side: what JPEG can say, and more than any frame has.
inline constexpr std::uint32_t kPictureSide = 65535;
/// One decoded picture: 8K frames (7680 x 4320) with four layers of half RGBA fit; two
/// pictures are held at a time.
inline constexpr std::uint64_t kPictureBytes = 1ULL << 30;
/// A decoded JPEG: its decoder holds twice as much again in coefficients for progressive files.
inline constexpr std::uint64_t kJpegBytes = 256ULL << 20;
/// Scans of a progressive JPEG: encoders write about ten; each costs a pass over all coefficients.
inline constexpr int kJpegScans = 64;
/// Bytes of an OpenEXR header: manifests of object names in it reach some MiB.
inline constexpr std::size_t kExrHeaderBytes = 16U << 20;
inline constexpr std::size_t kExrChannels = 1024;
/// What glibc puts into memory that it hands out (M_PERTURB), from the first OpenEXR file on: a decoder that
/// leaves memory as it was must not show one picture's samples in the other.
inline constexpr int kFreshMemory = 0x5a;
/// One decompressed block of lines or tile: the library allocates it before it reads the block.
inline constexpr std::uint64_t kExrBlockBytes = 256ULL << 20;

/// The dictionary of a .npy file: numpy itself writes at most 64 KiB in version 1.
inline constexpr std::size_t kNpyHeaderBytes = 64U << 10;
/// The JSON of a .safetensors file: about 100 bytes a tensor.
inline constexpr std::size_t kSafetensorsHeaderBytes = 16U << 20;
inline constexpr std::size_t kTensorDimensions = 32;
inline constexpr std::size_t kTensorsPerFile = 65536;

/// The reason in a verdict: fits a report's free text (limits::kTextBytes).
inline constexpr std::size_t kReasonBytes = 1000;

}  // namespace reeve::agent::compare
