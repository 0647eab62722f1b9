#include "kernels/train/layers.h"

#include <algorithm>

namespace reeve::kernels {
namespace {

/// Below so many float operations a part is not worth handing to another thread.
constexpr std::size_t kLeastWork = 1u << 15;

/// Parts a thread, so that one that is late holds up the others little.
constexpr std::size_t kPartsAThread = 2;

}  // namespace

template <class Work>
void Layers::share(std::size_t n, std::size_t step, std::size_t least, Work work) const {
  const std::size_t wanted = team_.threads() == 1 ? 1 : team_.threads() * kPartsAThread;
  std::size_t size = std::max((n + wanted - 1) / wanted, std::max<std::size_t>(least, 1));
  size = (size + step - 1) / step * step;
  const std::size_t parts = (n + size - 1) / size;
  team_.run(parts, [&](std::size_t part, float* scratch) {
    work(part * size, std::min(n, (part + 1) * size), scratch);
  });
}

void Layers::gemm(const GemmCall& call) const {
  if (call.rows == 0 || call.columns == 0) return;
  const bool by_rows = call.rows / ops_.tile_rows >= call.columns / ops_.tile_columns;
  if (by_rows) {
    const std::size_t least = kLeastWork / (call.columns * call.depth + 1);
    share(call.rows, ops_.tile_rows, least, [&](std::size_t first, std::size_t last, float* scratch) {
      GemmCall part = call;
      part.rows = last - first;
      part.a += first * call.a_row;
      part.c += first * call.c_row;
      ops_.gemm(part, scratch);
    });
    return;
  }
  const std::size_t least = kLeastWork / (call.rows * call.depth + 1);
  share(call.columns, ops_.tile_columns, least, [&](std::size_t first, std::size_t last, float* scratch) {
    GemmCall part = call;
    part.columns = last - first;
    part.b += first * call.b_column;
    part.c += first;
    ops_.gemm(part, scratch);
  });
}

void Layers::dense(std::size_t rows, std::size_t inputs, std::size_t outputs, const float* x,
                   const float* weight, const float* bias, float* y) const {
  GemmCall call{rows, outputs, inputs, x, inputs, 1, weight, 1, inputs, y, outputs};
  if (bias != nullptr) {
    for (std::size_t row = 0; row < rows; ++row)
      std::copy_n(bias, outputs, y + row * outputs);
    call.start = GemmStart::kSum;
  }
  gemm(call);
}

void Layers::dense_inputs(std::size_t rows, std::size_t inputs, std::size_t outputs, const float* dy,
                          const float* weight, float* dx) const {
  gemm({rows, inputs, outputs, dy, outputs, 1, weight, inputs, 1, dx, inputs});
}

void Layers::dense_weights(std::size_t rows, std::size_t inputs, std::size_t outputs, const float* x,
                           const float* dy, float* dweight, float* dbias) const {
  gemm({outputs, inputs, rows, dy, 1, outputs, x, inputs, 1, dweight, inputs, GemmStart::kZero,
        GemmOrder::kParts});
  if (dbias == nullptr) return;
  share(outputs, 64, kLeastWork / (rows + 1), [&](std::size_t first, std::size_t last, float*) {
    ops_.column_sums(rows, outputs, first, last, dy, dbias);
  });
}

void Layers::map(Map f, std::size_t n, const float* x, float* y) const {
  share(n, 64, kLeastWork / 4,
        [&](std::size_t first, std::size_t last, float*) { f(last - first, x + first, y + first); });
}

void Layers::map(MapTwo f, std::size_t n, const float* x, const float* z, float* y) const {
  share(n, 64, kLeastWork / 4, [&](std::size_t first, std::size_t last, float*) {
    f(last - first, x + first, z + first, y + first);
  });
}

void Layers::layernorm(std::size_t rows, std::size_t n, const float* x, const float* gain, const float* bias,
                       float* y, float* mean, float* scale) const {
  share(rows, 1, kLeastWork / (4 * n), [&](std::size_t first, std::size_t last, float*) {
    ops_.layernorm(last - first, n, x + first * n, gain, bias, y + first * n, mean + first, scale + first);
  });
}

void Layers::layernorm_backward(std::size_t rows, std::size_t n, const float* x, const float* gain,
                                const float* mean, const float* scale, const float* dy, float* dx,
                                float* dgain, float* dbias) const {
  share(rows, 1, kLeastWork / (4 * n), [&](std::size_t first, std::size_t last, float*) {
    ops_.layernorm_backward(last - first, n, x + first * n, gain, mean + first, scale + first, dy + first * n,
                            dx + first * n);
  });
  share(n, 64, kLeastWork / (4 * rows), [&](std::size_t first, std::size_t last, float*) {
    ops_.layernorm_parameters(rows, n, first, last, x, mean, scale, dy, dgain, dbias);
  });
}

void Layers::cross_entropy(std::size_t rows, std::size_t n, float factor, const std::uint8_t* targets,
                           float* logits, float* losses) const {
  share(rows, 1, kLeastWork / (8 * n), [&](std::size_t first, std::size_t last, float*) {
    ops_.cross_entropy(last - first, n, factor, targets + first, logits + first * n, losses + first);
  });
}

}  // namespace reeve::kernels
