#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/train/train_spec.h"

namespace reeve::kernels {

/// What a model learns from, as one blob: a header, then the bytes.
///   images  pixels [rows, features] u8, then labels [rows] u8
///   text    bytes [rows]
enum class DatasetKind : std::uint32_t { kImages = 0, kText = 1 };

inline constexpr std::uint32_t kDatasetVersion = 1;
inline constexpr std::size_t kDatasetHeaderBytes = 32;  // magic 8, version, kind, rows, features, classes, 0

/// A decoded blob; its spans lie in the blob's memory.
struct Dataset {
  DatasetKind kind = DatasetKind::kImages;
  std::uint32_t rows = 0;                ///< images, or bytes of text
  std::uint32_t features = 0;            ///< pixels an image; 1 for text
  std::uint32_t classes = 0;             ///< of images; 256 for text
  std::span<const std::uint8_t> values;  ///< pixels, or the text
  std::span<const std::uint8_t> labels;  ///< of images, each below classes
};

/// pixels: rows · features bytes, labels: rows bytes below `classes`.
std::vector<std::uint8_t> encode_images(std::uint32_t features, std::uint32_t classes,
                                        std::span<const std::uint8_t> pixels,
                                        std::span<const std::uint8_t> labels);
std::vector<std::uint8_t> encode_text(std::span<const std::uint8_t> text);

/// Refuses an empty set, lengths that do not fit and labels beyond the classes, by field and value.
bool decode_dataset(std::span<const std::uint8_t> bytes, Dataset& dataset, std::string& error);

/// Whether the model can learn from, or be measured on, the set.
bool check_dataset(const TrainSpec& spec, const Dataset& dataset, std::string& error);

}  // namespace reeve::kernels
