#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/compare/verdict.h"
#include "protocol/bytes.h"
#include "protocol/comparison.h"
#include "protocol/result.h"

/// Arrays of numbers out of .npy and .safetensors files.
namespace reeve::agent::compare {

/// How an element is written. Multi-byte ones are little-endian unless the tensor says otherwise.
enum class Number : std::uint8_t {
  kBool,
  kI8,
  kU8,
  kI16,
  kU16,
  kI32,
  kU32,
  kI64,
  kU64,
  kF8E4M3,  // E4M3FN: no infinities, 0x7f and 0xff are NaN
  kF8E5M2,
  kF8E8M0,  // a power of two; 0xff is NaN
  kF16,
  kBF16,
  kF32,
  kF64,
};

std::size_t number_bytes(Number type);
const char* number_name(Number type);

/// A view into the file that it was read from.
struct Tensor {
  std::string name;  // empty in a .npy file
  Number type = Number::kU8;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
  ByteView data;  // exactly the elements

  std::uint64_t elements() const { return data.size() / number_bytes(type); }
};

enum class TensorKind : std::uint8_t { kNone, kNpy, kSafetensors };

/// By the content: the magic of .npy; for .safetensors, which has none, a length that fits and a brace.
TensorKind tensor_kind(ByteView file);
const char* tensor_kind_name(TensorKind kind);

/// The tensors of a file, ascending by name. Errors: kCorrupt for a file that is none or is damaged;
/// kExhausted beyond the bounds (bounds.h) or for elements that are no numbers of ours.
Result<std::vector<Tensor>> decode_tensors(ByteView file);
Result<std::vector<Tensor>> decode_npy(ByteView file);
Result<std::vector<Tensor>> decode_safetensors(ByteView file);

/// The bytes of so many elements, or nothing where that does not fit 64 bits.
bool tensor_bytes(const std::vector<std::uint64_t>& shape, Number type, std::uint64_t& bytes);

/// `tensor`: same names, shapes and types, and every element within the bound.
Verdict compare_tensors(const std::vector<Tensor>& a, const std::vector<Tensor>& b, const Comparison& how);

}  // namespace reeve::agent::compare
