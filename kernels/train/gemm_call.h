#pragma once

#include <cstddef>
#include <cstdint>

namespace reeve::kernels {

/// What an entry of c starts from.
enum class GemmStart : std::uint32_t {
  kZero,  ///< 0
  kSum,   ///< what c holds: a bias, or an earlier product
};

/// In which order the products of an entry are summed: part of the contract, unlike blocking, width and
/// threads.
enum class GemmOrder : std::uint32_t {
  kSequence,  ///< `gemm.seq`: one chain of fma over ascending k
  kParts,     ///< `gemm.k256`: chains of kGemmPart from 0, added to c one after another: k can be split
};

inline constexpr std::size_t kGemmPart = 256;

/// c[i, j] = start + sum over k of a[i, k] · b[k, j].
///   a [rows, depth]     element (i, k) at a[i · a_row + k · a_depth]: any transposition
///   b [depth, columns]  element (k, j) at b[k · b_depth + j · b_column]
///   c [rows, columns]   element (i, j) at c[i · c_row + j]; overlaps neither a nor b
struct GemmCall {
  std::size_t rows = 0, columns = 0, depth = 0;
  const float* a = nullptr;
  std::size_t a_row = 0, a_depth = 1;
  const float* b = nullptr;
  std::size_t b_depth = 0, b_column = 1;
  float* c = nullptr;
  std::size_t c_row = 0;
  GemmStart start = GemmStart::kZero;
  GemmOrder order = GemmOrder::kSequence;
};

/// Floats of scratch memory that one thread's gemm needs, aligned to 64 bytes.
inline constexpr std::size_t kGemmScratch = std::size_t{1} << 20;

}  // namespace reeve::kernels
