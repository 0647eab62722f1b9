#include "client/train/train_data.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "kernels/train/dataset.h"

namespace reeve::client {
namespace {

struct Images {
  std::uint32_t features = 0;
  Bytes pixels;
  Bytes labels;
};

Error bad(const std::string& where, const std::string& what) {
  return {ErrorCode::kInvalid, where + ": " + what,
          "a line is a label and the image's pixels, each 0 to 255, with commas between"};
}

Result<Bytes> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{ErrorCode::kNotFound, path.string() + ": cannot be read", "name a file that is there"};
  return Bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

/// False where the line has a word that is no number of 0 to 255; `word` is then that one.
bool read_numbers(std::string_view line, Bytes& numbers, std::string_view& word) {
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t comma = std::min(line.find(',', at), line.size());
    word = line.substr(at, comma - at);
    std::uint8_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || error != std::errc() || end != word.data() + word.size()) return false;
    numbers.push_back(value);
    at = comma + 1;
  }
  return true;
}

Result<Images> read_csv(const std::string& name, std::string_view text) {
  Images images;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    Bytes row;
    std::string_view word;
    if (!read_numbers(line, row, word)) {
      if (images.labels.empty() && number == 1) continue;  // names of columns
      return bad(name + ", line " + std::to_string(number), "'" + std::string(word.substr(0, 20)) + "'");
    }
    const auto features = static_cast<std::uint32_t>(row.size() - 1);
    if (features == 0 || (images.features != 0 && features != images.features))
      return bad(name + ", line " + std::to_string(number), std::to_string(features) +
                                                                " pixels, where the lines before have " +
                                                                std::to_string(images.features));
    images.features = features;
    images.labels.push_back(row.front());
    images.pixels.insert(images.pixels.end(), row.begin() + 1, row.end());
  }
  if (images.labels.empty()) return bad(name, "no images");
  return images;
}

std::uint32_t big_endian(const Bytes& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

/// Y. LeCun, C. Cortes, C. Burges, "The MNIST database": images are 0x803, rows, height, width; labels 0x801,
/// rows.
Result<Images> read_mnist(const std::string& image_file, const std::string& label_file) {
  const auto pixels = read_file(image_file);
  if (!pixels) return pixels.error();
  const auto labels = read_file(label_file);
  if (!labels) return labels.error();
  constexpr std::size_t kImagesBegin = 16;
  constexpr std::size_t kLabelsBegin = 8;
  const auto wrong = [](const std::string& file) {
    return Error{ErrorCode::kInvalid, file + ": not a file of the MNIST database's form",
                 "unpack it first, and name images before labels"};
  };
  if (pixels->size() < kImagesBegin || big_endian(*pixels, 0) != 0x803) return wrong(image_file);
  if (labels->size() < kLabelsBegin || big_endian(*labels, 0) != 0x801) return wrong(label_file);
  const std::uint64_t rows = big_endian(*pixels, 4);
  const std::uint64_t features = std::uint64_t{big_endian(*pixels, 8)} * big_endian(*pixels, 12);
  if (features > kernels::kMaxWidth || pixels->size() - kImagesBegin != rows * features)
    return wrong(image_file);
  if (big_endian(*labels, 4) != rows || labels->size() - kLabelsBegin != rows) return wrong(label_file);
  return Images{static_cast<std::uint32_t>(features), Bytes(pixels->begin() + kImagesBegin, pixels->end()),
                Bytes(labels->begin() + kLabelsBegin, labels->end())};
}

Bytes encode(const Images& images, kernels::TrainSpec& spec) {
  if (spec.mlp.features == 0) spec.mlp.features = images.features;
  if (spec.mlp.classes == 0)
    spec.mlp.classes = *std::max_element(images.labels.begin(), images.labels.end()) + 1U;
  const std::uint32_t classes = std::max<std::uint32_t>(
      spec.mlp.classes, *std::max_element(images.labels.begin(), images.labels.end()) + 1U);
  return kernels::encode_images(images.features, classes, images.pixels, images.labels);
}

}  // namespace

Result<Bytes> load_train_data(const std::string& files, kernels::TrainSpec& spec) {
  if (const std::size_t comma = files.find(','); comma != std::string::npos) {
    const auto images = read_mnist(files.substr(0, comma), files.substr(comma + 1));
    if (!images) return images.error();
    return encode(*images, spec);
  }
  auto bytes = read_file(files);
  if (!bytes) return bytes.error();
  kernels::Dataset encoded;
  std::string error;
  if (kernels::decode_dataset(*bytes, encoded, error)) {
    if (spec.model == kernels::ModelKind::kMlp) {
      if (spec.mlp.features == 0) spec.mlp.features = encoded.features;
      if (spec.mlp.classes == 0) spec.mlp.classes = encoded.classes;
    }
    return bytes;
  }
  if (spec.model == kernels::ModelKind::kGpt) return kernels::encode_text(*bytes);
  const auto images =
      read_csv(files, std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
  if (!images) return images.error();
  return encode(*images, spec);
}

}  // namespace reeve::client
