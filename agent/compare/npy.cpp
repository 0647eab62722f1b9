// Source: numpy.lib.format, "A simple format for saving numpy arrays to disk", versions 1.0 to 3.0.

#include <charconv>
#include <optional>
#include <string_view>

#include "agent/compare/bounds.h"
#include "agent/compare/picture.h"
#include "agent/compare/tensor.h"

namespace reeve::agent::compare {
namespace {

constexpr std::size_t kMagicBytes = 8;  // with the version

Error damaged_npy(const std::string& what) {
  return damaged(".npy: " + what);
}

/// The literal of a Python dictionary that the header is: only the three keys, each once.
class Dictionary {
 public:
  explicit Dictionary(std::string_view text) : text_(text) {}

  Result<void> read() {
    if (!skip('{')) return damaged_npy("its header is no dictionary");
    while (!skip('}')) {
      const auto key = string();
      if (!key || !skip(':')) return damaged_npy("its header is no dictionary");
      if (auto value = read_value(*key); !value) return value;
      if (!skip(',') && peek() != '}') return damaged_npy("its header is no dictionary");
    }
    if (peek() != '\0' || at_ != text_.size()) return damaged_npy("something follows its header");
    if (!descr || !fortran_order || !shape)
      return damaged_npy("its header lacks descr, fortran_order or shape");
    return {};
  }

  std::optional<std::string_view> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::uint64_t>> shape;

 private:
  Result<void> read_value(std::string_view key) {
    if (key == "descr" && !descr) {
      if (peek() == '[') return beyond(".npy: elements of several fields");
      descr = string();
      if (descr) return {};
    } else if (key == "fortran_order" && !fortran_order) {
      if (word("True")) fortran_order = true;
      if (word("False")) fortran_order = false;
      if (fortran_order) return {};
    } else if (key == "shape" && !shape) {
      return read_shape();
    }
    return damaged_npy("its header is not the one that numpy writes");
  }

  Result<void> read_shape() {
    std::vector<std::uint64_t> sides;
    if (!skip('(')) return damaged_npy("its shape is no tuple");
    while (!skip(')')) {
      std::uint64_t side = 0;
      peek();
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), side);
      if (error != std::errc{}) return damaged_npy("its shape is no tuple of numbers");
      at_ = static_cast<std::size_t>(end - text_.data());
      if (sides.size() == kTensorDimensions) return beyond(".npy: too many dimensions");
      sides.push_back(side);
      if (!skip(',') && peek() != ')') return damaged_npy("its shape is no tuple");
    }
    shape = std::move(sides);
    return {};
  }

  /// The next character that is no space; '\0' at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n'))
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool skip(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    peek();
    if (!text_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  std::optional<std::string_view> string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return std::nullopt;
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return inside;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// `<f4` and the like.
Result<void> read_type(std::string_view descr, Tensor& tensor) {
  static constexpr std::pair<std::string_view, Number> kTypes[] = {
      {"b1", Number::kBool}, {"i1", Number::kI8},  {"u1", Number::kU8},  {"i2", Number::kI16},
      {"u2", Number::kU16},  {"i4", Number::kI32}, {"u4", Number::kU32}, {"i8", Number::kI64},
      {"u8", Number::kU64},  {"f2", Number::kF16}, {"f4", Number::kF32}, {"f8", Number::kF64}};
  const char order = descr.empty() ? '?' : descr.front();
  for (const auto& [name, type] : kTypes) {
    if (descr.substr(descr.empty() ? 0 : 1) != name) continue;
    if (order != '<' && order != '>' && !(order == '|' && number_bytes(type) == 1)) break;
    tensor.type = type;
    tensor.big_endian = order == '>';
    return {};
  }
  return beyond(".npy: elements of type '" + one_line(descr, 32) + "'");
}

}  // namespace

Result<std::vector<Tensor>> decode_npy(ByteView file) {
  if (tensor_kind(file) != TensorKind::kNpy || file.size() < kMagicBytes) return damaged_npy("it ends early");
  const int version = file[6];
  if (version < 1 || version > 3 || file[7] != 0) return beyond(".npy: a version other than 1.0 to 3.0");
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  if (file.size() < kMagicBytes + length_bytes) return damaged_npy("it ends early");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i)
    length |= std::uint64_t{file[kMagicBytes + i]} << (8 * i);
  if (length > kNpyHeaderBytes) return beyond(".npy: a header of more than 64 KiB");
  const ByteView rest = file.subspan(kMagicBytes + length_bytes);
  if (length > rest.size()) return damaged_npy("it ends early");
  Dictionary header({reinterpret_cast<const char*>(rest.data()), static_cast<std::size_t>(length)});
  if (auto read = header.read(); !read) return read.error();
  Tensor tensor;
  if (auto type = read_type(*header.descr, tensor); !type) return type.error();
  tensor.fortran_order = *header.fortran_order;
  tensor.shape = std::move(*header.shape);
  tensor.data = rest.subspan(static_cast<std::size_t>(length));
  std::uint64_t bytes = 0;
  if (!tensor_bytes(tensor.shape, tensor.type, bytes) || bytes != tensor.data.size())
    return damaged_npy("its elements do not add up to its size");
  return std::vector<Tensor>{std::move(tensor)};
}

}  // namespace reeve::agent::compare
