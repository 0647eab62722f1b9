#include "kernels/train/dataset.h"

#include <algorithm>

#include "kernels/train/byte_io.h"

namespace reeve::kernels {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic{'R', 'e', 'e', 'v', 'e', 'D', 't', 'a'};

std::vector<std::uint8_t> encode(DatasetKind kind, std::uint32_t rows, std::uint32_t features,
                                 std::uint32_t classes, std::span<const std::uint8_t> values,
                                 std::span<const std::uint8_t> labels) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(kDatasetHeaderBytes + values.size() + labels.size());
  ByteWriter writer(bytes);
  writer.value(kMagic);
  writer.value(kDatasetVersion);
  writer.value(kind);
  writer.value(rows);
  writer.value(features);
  writer.value(classes);
  writer.value(std::uint32_t{0});
  bytes.resize(kDatasetHeaderBytes + values.size() + labels.size());
  std::copy(values.begin(), values.end(), bytes.begin() + kDatasetHeaderBytes);
  std::copy(labels.begin(), labels.end(), bytes.end() - static_cast<std::ptrdiff_t>(labels.size()));
  return bytes;
}

bool refuse(std::string& error, const std::string& why) {
  error = "data set: " + why;
  return false;
}

bool check_header(const Dataset& set, std::uint32_t version, std::uint32_t zero, std::string& error) {
  if (version != kDatasetVersion)
    return refuse(error, "version = " + std::to_string(version) + " must be " +
                             std::to_string(kDatasetVersion) + "; convert the data again");
  if (set.kind != DatasetKind::kImages && set.kind != DatasetKind::kText)
    return refuse(error, "kind = " + std::to_string(static_cast<std::uint32_t>(set.kind)) +
                             " must be 0 (images) or 1 (text)");
  if (zero != 0) return refuse(error, "the reserved field = " + std::to_string(zero) + " must be 0");
  if (set.rows == 0) return refuse(error, "rows = 0: it is empty; give it at least one");
  const bool text = set.kind == DatasetKind::kText;
  if (set.features < 1 || set.features > (text ? 1 : kMaxWidth))
    return refuse(error, "features = " + std::to_string(set.features) + " must lie in 1.." +
                             std::to_string(text ? 1 : kMaxWidth));
  if (set.classes < 2 || set.classes > kMaxClasses)
    return refuse(
        error, "classes = " + std::to_string(set.classes) + " must lie in 2.." + std::to_string(kMaxClasses));
  return true;
}

}  // namespace

std::vector<std::uint8_t> encode_images(std::uint32_t features, std::uint32_t classes,
                                        std::span<const std::uint8_t> pixels,
                                        std::span<const std::uint8_t> labels) {
  return encode(DatasetKind::kImages, static_cast<std::uint32_t>(labels.size()), features, classes, pixels,
                labels);
}

std::vector<std::uint8_t> encode_text(std::span<const std::uint8_t> text) {
  return encode(DatasetKind::kText, static_cast<std::uint32_t>(text.size()), 1, kVocabulary, text, {});
}

bool decode_dataset(std::span<const std::uint8_t> bytes, Dataset& dataset, std::string& error) {
  ByteReader reader(bytes);
  std::array<std::uint8_t, 8> magic{};
  std::uint32_t version = 0;
  std::uint32_t zero = 0;
  reader.value(magic);
  reader.value(version);
  reader.value(dataset.kind);
  reader.value(dataset.rows);
  reader.value(dataset.features);
  reader.value(dataset.classes);
  reader.value(zero);
  if (reader.failed() || magic != kMagic)
    return refuse(error, "these bytes are none (they begin otherwise); make one of images or of text first");
  if (!check_header(dataset, version, zero, error)) return false;
  const bool images = dataset.kind == DatasetKind::kImages;
  const std::uint64_t values = std::uint64_t{dataset.rows} * dataset.features;
  const std::uint64_t expected = kDatasetHeaderBytes + values + (images ? dataset.rows : 0);
  if (bytes.size() != expected)
    return refuse(error, "it has " + std::to_string(bytes.size()) + " bytes where its header says " +
                             std::to_string(expected) + "; send it whole");
  dataset.values = bytes.subspan(kDatasetHeaderBytes, values);
  dataset.labels = bytes.subspan(kDatasetHeaderBytes + values);
  const auto wrong = std::find_if(dataset.labels.begin(), dataset.labels.end(),
                                  [&dataset](std::uint8_t label) { return label >= dataset.classes; });
  if (wrong != dataset.labels.end())
    return refuse(error, "the label of row " + std::to_string(wrong - dataset.labels.begin()) + " is " +
                             std::to_string(*wrong) + " where there are " + std::to_string(dataset.classes) +
                             " classes");
  return true;
}

bool check_dataset(const TrainSpec& spec, const Dataset& dataset, std::string& error) {
  if (spec.model == ModelKind::kMlp) {
    if (dataset.kind != DatasetKind::kImages)
      return refuse(error, "it is text, and the model is an mlp, which reads images");
    if (dataset.features != spec.mlp.features)
      return refuse(error, "features = " + std::to_string(dataset.features) + " where mlp.features = " +
                               std::to_string(spec.mlp.features) + "; make them equal");
    if (dataset.classes != spec.mlp.classes)
      return refuse(error, "classes = " + std::to_string(dataset.classes) + " where mlp.classes = " +
                               std::to_string(spec.mlp.classes) + "; make them equal");
    return true;
  }
  if (dataset.kind != DatasetKind::kText)
    return refuse(error, "it is of images, and the model is a gpt, which reads text");
  if (dataset.rows <= spec.gpt.context)
    return refuse(error, "rows = " + std::to_string(dataset.rows) +
                             " bytes must be more than gpt.context = " + std::to_string(spec.gpt.context) +
                             "; take a longer text or a shorter context");
  return true;
}

}  // namespace reeve::kernels
