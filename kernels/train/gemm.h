#pragma once

#include "kernels/core/wide.h"
#include "kernels/train/gemm_call.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

/// The shape of what stays in registers, and of what stays in the caches: free to choose, no bit depends on
/// it.
#if defined(__AVX512F__)
inline constexpr std::size_t kTileRows = 14;
#elif defined(__aarch64__)
inline constexpr std::size_t kTileRows = 8;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr std::size_t kTileRows = 6;
#else
inline constexpr std::size_t kTileRows = 4;
#endif
inline constexpr std::size_t kTileWides = 2;
inline constexpr std::size_t kTileColumns = kTileWides * kWideLanes;

#ifndef REEVE_BLOCK_DEPTH
#define REEVE_BLOCK_DEPTH 512
#define REEVE_BLOCK_ROWS 12
#define REEVE_BLOCK_COLUMNS 1024
#endif
inline constexpr std::size_t kBlockDepth = REEVE_BLOCK_DEPTH;
inline constexpr std::size_t kBlockRows = REEVE_BLOCK_ROWS * kTileRows;
inline constexpr std::size_t kBlockColumns = REEVE_BLOCK_COLUMNS;
static_assert(kBlockDepth % kGemmPart == 0);

REEVE_HD std::size_t smaller(std::size_t a, std::size_t b) {
  return a < b ? a : b;
}

/// How a tile of c begins and ends over one block of the depth.
enum class TileMode { kFromZero, kFromSum, kAddAtEnd };

/// How a panel of a is packed: as its rows or as its columns lie, so that packing is copying either way.
enum class PanelLayout {
  kRows,     ///< [kTileRows, kPanelStep]: entries of a row side by side
  kColumns,  ///< [depth, kTileRows]
};
inline constexpr std::size_t kPanelStep = kBlockDepth + 16;  // no power of two: rows fall into different sets
inline constexpr std::size_t kPanelFloats = kTileRows * kPanelStep;
static_assert(kPanelStep * kBlockRows + kBlockDepth * (kBlockColumns + kTileColumns) <= kGemmScratch);

/// One tile over `depth` steps.
///   a  a packed panel;  b [depth, kTileColumns]  packed;  c rows of c_row floats
template <TileMode kMode, PanelLayout kLayout>
REEVE_HD void multiply_tile(std::size_t depth, const float* __restrict a, const float* __restrict b,
                            float* __restrict c, std::size_t c_row) {
  constexpr std::size_t kRowStep = kLayout == PanelLayout::kRows ? kPanelStep : 1;
  constexpr std::size_t kDepthStep = kLayout == PanelLayout::kRows ? 1 : kTileRows;
  WideF32 sum[kTileRows][kTileWides];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kTileWides; ++j) {
      if (kMode == TileMode::kFromSum) {
        sum[i][j] = load_wide(c + i * c_row + j * kWideLanes);
      } else {
        sum[i][j] = WideF32(0.0f);
        __builtin_prefetch(c + i * c_row + j * kWideLanes);
      }
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    WideF32 row[kTileWides];
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kTileWides; ++j)
      row[j] = load_wide(b + j * kWideLanes);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kTileRows; ++i) {
      const WideF32 factor(a[i * kRowStep]);
#pragma GCC unroll 4
      for (std::size_t j = 0; j < kTileWides; ++j)
        sum[i][j] = fma(factor, row[j], sum[i][j]);
    }
    a += kDepthStep;
    b += kTileColumns;
  }
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kTileRows; ++i) {
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kTileWides; ++j) {
      float* at = c + i * c_row + j * kWideLanes;
      if (kMode == TileMode::kAddAtEnd) sum[i][j] = load_wide(at) + sum[i][j];
      store_wide(at, sum[i][j]);
    }
  }
}

template <PanelLayout kLayout>
inline void multiply_tile(TileMode mode, std::size_t depth, const float* a, const float* b, float* c,
                          std::size_t c_row) {
  switch (mode) {
    case TileMode::kFromZero: multiply_tile<TileMode::kFromZero, kLayout>(depth, a, b, c, c_row); break;
    case TileMode::kFromSum: multiply_tile<TileMode::kFromSum, kLayout>(depth, a, b, c, c_row); break;
    case TileMode::kAddAtEnd: multiply_tile<TileMode::kAddAtEnd, kLayout>(depth, a, b, c, c_row); break;
  }
}

/// A tile that reaches beyond c: computed in memory of its own. What the padding gives is thrown away.
template <PanelLayout kLayout>
inline void multiply_edge_tile(TileMode mode, std::size_t depth, const float* a, const float* b, float* c,
                               std::size_t c_row, std::size_t rows, std::size_t columns) {
  alignas(64) float tile[kTileRows * kTileColumns];
  for (std::size_t i = 0; i < kTileRows; ++i) {
    for (std::size_t j = 0; j < kTileColumns; ++j)
      tile[i * kTileColumns + j] = i < rows && j < columns ? c[i * c_row + j] : 0.0f;
  }
  multiply_tile<kLayout>(mode, depth, a, b, tile, kTileColumns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j)
      c[i * c_row + j] = tile[i * kTileColumns + j];
  }
}

/// Copies rows of a whose entries lie side by side; rows beyond `rows` are zero.
inline void pack_rows(const float* from, std::size_t row_step, std::size_t depth, std::size_t rows,
                      float* packed) {
  for (std::size_t i = 0; i < kTileRows; ++i) {
    if (i < rows) {
      __builtin_memcpy(packed + i * kPanelStep, from + i * row_step, depth * sizeof(float));
    } else {
      __builtin_memset(packed + i * kPanelStep, 0, depth * sizeof(float));
    }
  }
}

/// Copies a panel so that its `width` lanes of each k lie side by side: packed [depth, width], zeros beyond
/// `lanes`. Element (k, lane) at from[k · k_step + lane · lane_step].
template <std::size_t kWidth>
REEVE_HD void pack_panel(const float* from, std::size_t k_step, std::size_t lane_step, std::size_t depth,
                         std::size_t lanes, float* packed) {
  if (lane_step == 1 && lanes == kWidth) {
    for (std::size_t k = 0; k < depth; ++k)
      __builtin_memcpy(packed + k * kWidth, from + k * k_step, kWidth * sizeof(float));
    return;
  }
  if (lanes == kWidth) {
    for (std::size_t k = 0; k < depth; ++k) {
      for (std::size_t lane = 0; lane < kWidth; ++lane)
        packed[k * kWidth + lane] = from[k * k_step + lane * lane_step];
    }
    return;
  }
  for (std::size_t k = 0; k < depth; ++k) {
    for (std::size_t lane = 0; lane < kWidth; ++lane)
      packed[k * kWidth + lane] = lane < lanes ? from[k * k_step + lane * lane_step] : 0.0f;
  }
}

/// A part of a call: what one block of packed a and b gives.
struct Block {
  std::size_t first_row, rows;
  std::size_t first_k, depth;
  std::size_t first_column, columns;
};

template <PanelLayout kLayout>
inline void multiply_block(const GemmCall& call, TileMode mode, const Block& block, const float* packed_b,
                           float* packed_a) {
  for (std::size_t i = 0; i < block.rows; i += kTileRows) {
    const float* from = call.a + (block.first_row + i) * call.a_row + block.first_k * call.a_depth;
    const std::size_t rows = smaller(kTileRows, block.rows - i);
    float* panel = packed_a + i / kTileRows * kPanelFloats;
    if (kLayout == PanelLayout::kRows) {
      pack_rows(from, call.a_row, block.depth, rows, panel);
    } else {
      pack_panel<kTileRows>(from, call.a_depth, call.a_row, block.depth, rows, panel);
    }
  }
  for (std::size_t j = 0; j < block.columns; j += kTileColumns) {
    const std::size_t tile_columns = smaller(kTileColumns, block.columns - j);
    for (std::size_t i = 0; i < block.rows; i += kTileRows) {
      const std::size_t tile_rows = smaller(kTileRows, block.rows - i);
      float* c = call.c + (block.first_row + i) * call.c_row + block.first_column + j;
      const float* a = packed_a + i / kTileRows * kPanelFloats;
      const float* b = packed_b + j * block.depth;
      if (tile_rows == kTileRows && tile_columns == kTileColumns) {
        multiply_tile<kLayout>(mode, block.depth, a, b, c, call.c_row);
      } else {
        multiply_edge_tile<kLayout>(mode, block.depth, a, b, c, call.c_row, tile_rows, tile_columns);
      }
    }
  }
}

inline TileMode mode_of(const GemmCall& call, std::size_t first_k) {
  if (first_k == 0 && call.start == GemmStart::kZero) return TileMode::kFromZero;
  return call.order == GemmOrder::kSequence ? TileMode::kFromSum : TileMode::kAddAtEnd;
}

/// The whole of a call in this thread. Source of the blocking: K. Goto, R. van de Geijn, "Anatomy of
/// high-performance matrix multiplication", ACM TOMS 34(3), 2008.
inline void multiply(const GemmCall& call, float* scratch) {
  if (call.depth == 0 && call.start == GemmStart::kZero) {
    for (std::size_t i = 0; i < call.rows; ++i) {
      for (std::size_t j = 0; j < call.columns; ++j)
        call.c[i * call.c_row + j] = 0.0f;
    }
  }
  const std::size_t block_depth = call.order == GemmOrder::kSequence ? kBlockDepth : kGemmPart;
  float* packed_a = scratch;
  float* packed_b = scratch + kBlockRows / kTileRows * kPanelFloats;
  for (std::size_t column = 0; column < call.columns; column += kBlockColumns) {
    const std::size_t columns = smaller(kBlockColumns, call.columns - column);
    for (std::size_t k = 0; k < call.depth; k += block_depth) {
      const std::size_t depth = smaller(block_depth, call.depth - k);
      for (std::size_t j = 0; j < columns; j += kTileColumns) {
        pack_panel<kTileColumns>(call.b + k * call.b_depth + (column + j) * call.b_column, call.b_depth,
                                 call.b_column, depth, smaller(kTileColumns, columns - j),
                                 packed_b + j * depth);
      }
      for (std::size_t row = 0; row < call.rows; row += kBlockRows) {
        const Block block{row, smaller(kBlockRows, call.rows - row), k, depth, column, columns};
        if (call.a_depth == 1) {
          multiply_block<PanelLayout::kRows>(call, mode_of(call, k), block, packed_b, packed_a);
        } else {
          multiply_block<PanelLayout::kColumns>(call, mode_of(call, k), block, packed_b, packed_a);
        }
      }
    }
  }
}

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
