#include "agent/compare/tensor.h"

#include <array>

#include "agent/compare/picture.h"

namespace reeve::agent::compare {
namespace {

struct NumberForm {
  const char* name;
  std::size_t bytes;
};

constexpr std::array<NumberForm, 16> kForms = {{{"bool", 1},
                                                {"int8", 1},
                                                {"uint8", 1},
                                                {"int16", 2},
                                                {"uint16", 2},
                                                {"int32", 4},
                                                {"uint32", 4},
                                                {"int64", 8},
                                                {"uint64", 8},
                                                {"float8 e4m3", 1},
                                                {"float8 e5m2", 1},
                                                {"float8 e8m0", 1},
                                                {"float16", 2},
                                                {"bfloat16", 2},
                                                {"float32", 4},
                                                {"float64", 8}}};

}  // namespace

std::size_t number_bytes(Number type) {
  return kForms.at(static_cast<std::size_t>(type)).bytes;
}

const char* number_name(Number type) {
  return kForms.at(static_cast<std::size_t>(type)).name;
}

TensorKind tensor_kind(ByteView file) {
  static constexpr std::array<std::uint8_t, 6> kMagic = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  if (file.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), file.begin()))
    return TensorKind::kNpy;
  if (file.size() < 10 || file[8] != '{') return TensorKind::kNone;
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i)
    length |= std::uint64_t{file[i]} << (8 * i);
  return length >= 2 && length <= file.size() - 8 ? TensorKind::kSafetensors : TensorKind::kNone;
}

const char* tensor_kind_name(TensorKind kind) {
  if (kind == TensorKind::kNpy) return "a .npy file";
  return kind == TensorKind::kSafetensors ? "a .safetensors file" : "no tensor file";
}

bool tensor_bytes(const std::vector<std::uint64_t>& shape, Number type, std::uint64_t& bytes) {
  bytes = number_bytes(type);
  bool overflow = false;
  bool empty = false;
  for (const std::uint64_t side : shape) {
    empty = empty || side == 0;
    overflow = __builtin_mul_overflow(bytes, side, &bytes) || overflow;
  }
  if (empty) bytes = 0;
  return empty || !overflow;
}

Result<std::vector<Tensor>> decode_tensors(ByteView file) {
  switch (tensor_kind(file)) {
    case TensorKind::kNpy: return decode_npy(file);
    case TensorKind::kSafetensors: return decode_safetensors(file);
    case TensorKind::kNone: break;
  }
  return damaged("no .npy or .safetensors file");
}

}  // namespace reeve::agent::compare
