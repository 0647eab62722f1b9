// Compiled once for each instruction set, each in its own namespace: see kernels/core/platform.h.
#include "kernels/train/isa_train.h"

#include "kernels/train/fixed_gradient.h"
#include "kernels/train/gemm.h"
#include "kernels/train/rows.h"

namespace reeve::kernels {
inline namespace REEVE_KERNEL_ISA {

namespace {

void gelu_entries(std::size_t n, const float* x, float* y) {
  map_entries(n, y, x, [](auto value) { return gelu(value); });
}
void gelu_backward_entries(std::size_t n, const float* x, const float* dy, float* dx) {
  map_entries(n, dx, x, dy, [](auto value, auto slope) { return slope * gelu_slope(value); });
}
void relu_entries(std::size_t n, const float* x, float* y) {
  map_entries(n, y, x, [](auto value) { return relu(value); });
}
void relu_backward_entries(std::size_t n, const float* x, const float* dy, float* dx) {
  map_entries(n, dx, x, dy, [](auto value, auto slope) { return relu_backward(value, slope); });
}
void add_entries(std::size_t n, const float* x, const float* z, float* y) {
  map_entries(n, y, x, z, [](auto a, auto b) { return a + b; });
}

F32 length_of(std::size_t n) {
  return from_int(static_cast<std::int32_t>(n));
}

F32 sum_squares(const float* x, F32 mean, std::size_t n) {
  const auto add_square = [mean](auto sum, auto value) {
    const auto off = value - decltype(value)(mean);
    return fma(off, off, sum);
  };
  return reduce_row(
      n, [&](WideF32 sum, std::size_t i) { return add_square(sum, load_wide(x + i)); },
      [&](F32 sum, std::size_t i) { return add_square(sum, F32(x[i])); });
}

void layernorm_rows(std::size_t rows, std::size_t n, const float* x, const float* gain, const float* bias,
                    float* y, float* mean, float* scale) {
  for (std::size_t row = 0; row < rows; ++row, x += n, y += n) {
    const F32 m = sum_row(x, n) / length_of(n);
    const F32 s = F32(1) / sqrt(sum_squares(x, m, n) / length_of(n) + F32(1e-5f));
    mean[row] = m.value;
    scale[row] = s.value;
    const auto normal = [m, s](auto value, auto by, auto plus) {
      using N = decltype(value);
      return fma((value - N(m)) * N(s), by, plus);
    };
    for_each_entry(
        n,
        [&](std::size_t i) {
          store_wide(y + i, normal(load_wide(x + i), load_wide(gain + i), load_wide(bias + i)));
        },
        [&](std::size_t i) { y[i] = normal(F32(x[i]), F32(gain[i]), F32(bias[i])).value; });
  }
}

/// The parts of a row's backward pass that both of its sums and its result are made of.
struct NormalRow {
  const float *x, *gain, *dy;
  F32 mean, scale;

  template <class N>
  REEVE_HD N normal(N value) const {
    return (value - N(mean)) * N(scale);
  }
};

void layernorm_backward_row(std::size_t n, const NormalRow& row, float* dx) {
  const F32 slope = sum_products(row.dy, row.gain, n) / length_of(n);
  const auto add_product = [&row](auto sum, auto x, auto gain, auto dy) {
    return fma(dy * gain, row.normal(x), sum);
  };
  const F32 along =
      reduce_row(
          n,
          [&](WideF32 sum, std::size_t i) {
            return add_product(sum, load_wide(row.x + i), load_wide(row.gain + i), load_wide(row.dy + i));
          },
          [&](F32 sum, std::size_t i) {
            return add_product(sum, F32(row.x[i]), F32(row.gain[i]), F32(row.dy[i]));
          }) /
      length_of(n);
  const auto result = [&](auto x, auto gain, auto dy, auto before) {
    using N = decltype(x);
    const N inner = fma(-row.normal(x), N(along), dy * gain - N(slope));
    return fma(inner, N(row.scale), before);
  };
  for_each_entry(
      n,
      [&](std::size_t i) {
        store_wide(dx + i, result(load_wide(row.x + i), load_wide(row.gain + i), load_wide(row.dy + i),
                                  load_wide(dx + i)));
      },
      [&](std::size_t i) {
        dx[i] = result(F32(row.x[i]), F32(row.gain[i]), F32(row.dy[i]), F32(dx[i])).value;
      });
}

void layernorm_backward_rows(std::size_t rows, std::size_t n, const float* x, const float* gain,
                             const float* mean, const float* scale, const float* dy, float* dx) {
  for (std::size_t row = 0; row < rows; ++row)
    layernorm_backward_row(n, {x + row * n, gain, dy + row * n, F32(mean[row]), F32(scale[row])},
                           dx + row * n);
}

void layernorm_parameter_columns(std::size_t rows, std::size_t n, std::size_t first, std::size_t last,
                                 const float* x, const float* mean, const float* scale, const float* dy,
                                 float* dgain, float* dbias) {
  for (std::size_t i = first; i < last; ++i)
    dgain[i] = dbias[i] = 0.0f;
  for (std::size_t row = 0; row < rows; ++row, x += n, dy += n) {
    const F32 m(mean[row]);
    const F32 s(scale[row]);
    const auto add_product = [m, s](auto sum, auto value, auto slope) {
      using N = decltype(value);
      return fma((value - N(m)) * N(s), slope, sum);
    };
    const std::size_t columns = last - first;
    for_each_entry(
        columns,
        [&](std::size_t i) {
          const std::size_t at = first + i;
          store_wide(dgain + at, add_product(load_wide(dgain + at), load_wide(x + at), load_wide(dy + at)));
        },
        [&](std::size_t i) {
          const std::size_t at = first + i;
          dgain[at] = add_product(F32(dgain[at]), F32(x[at]), F32(dy[at])).value;
        });
    add_entries(columns, dbias + first, dy + first, dbias + first);
  }
}

void sum_columns(std::size_t rows, std::size_t n, std::size_t first, std::size_t last, const float* x,
                 float* sums) {
  for (std::size_t i = first; i < last; ++i)
    sums[i] = 0.0f;
  for (std::size_t row = 0; row < rows; ++row, x += n)
    add_entries(last - first, sums + first, x + first, sums + first);
}

void scale_entries(std::size_t n, F32 factor, float* x) {
  map_entries(n, x, x, [factor](auto value) { return value * decltype(value)(factor); });
}

void clear_entries(std::size_t first, std::size_t last, float* x) {
  for (std::size_t i = first; i < last; ++i)
    x[i] = 0.0f;
}

void causal_softmax_rows(std::size_t n, float factor, float* scores) {
  for (std::size_t row = 0; row < n; ++row, scores += n) {
    const std::size_t seen = row + 1;
    scale_entries(seen, F32(factor), scores);
    const F32 sum = exp_row(scores, max_row(scores, seen), seen, scores);
    scale_entries(seen, F32(1) / sum, scores);
    clear_entries(seen, n, scores);
  }
}

void causal_softmax_backward_rows(std::size_t n, float factor, const float* p, float* dp) {
  for (std::size_t row = 0; row < n; ++row, p += n, dp += n) {
    const std::size_t seen = row + 1;
    const F32 mean = sum_products(p, dp, seen);
    map_entries(seen, dp, p, dp, [mean, factor](auto chance, auto slope) {
      using N = decltype(chance);
      return (chance * (slope - N(mean))) * N(factor);
    });
    clear_entries(seen, n, dp);
  }
}

void cross_entropy_rows(std::size_t rows, std::size_t n, float factor, const std::uint8_t* targets,
                        float* logits, float* losses) {
  for (std::size_t row = 0; row < rows; ++row, logits += n) {
    const F32 most = max_row(logits, n);
    const F32 of_target(logits[targets[row]]);
    const F32 sum = exp_row(logits, most, n, logits);
    losses[row] = (log(sum) - (of_target - most)).value;
    scale_entries(n, F32(1) / sum, logits);
    logits[targets[row]] = (F32(logits[targets[row]]) - F32(1)).value;
    scale_entries(n, F32(factor), logits);
  }
}

/// 2^power as a float, |power| <= 126.
F32 power_of_two(std::int32_t power) {
  return F32::of_signed_bits((power + 127) << 23);
}

std::size_t add_fixed_entries(std::size_t n, std::uint32_t scale_log2, const float* gradient,
                              std::int64_t* sums) {
  const F32 scale = power_of_two(static_cast<std::int32_t>(scale_log2));
  for (std::size_t i = 0; i < n; ++i) {
    const F32 scaled = F32(gradient[i]) * scale;
    if (!fits_fixed(scaled)) return i;
    sums[i] += round_to_fixed(scaled);
  }
  return n;
}

void from_fixed_entries(std::size_t n, std::uint32_t scale_log2, std::uint32_t parts,
                        const std::int64_t* sums, float* gradient) {
  const F32 scale = power_of_two(-static_cast<std::int32_t>(scale_log2));
  const F32 divisor = from_int(static_cast<std::int32_t>(parts));
  for (std::size_t i = 0; i < n; ++i)
    gradient[i] = ((from_int64(sums[i]) * scale) / divisor).value;
}

void adamw_entries(std::size_t n, const AdamwFactors& factors, const float* gradient, float* weights,
                   float* mean, float* square) {
  const auto narrow = [&](std::size_t i) {
    F32 weight(weights[i]);
    F32 first(mean[i]);
    F32 second(square[i]);
    adamw_element(factors, F32(gradient[i]), weight, first, second);
    weights[i] = weight.value;
    mean[i] = first.value;
    square[i] = second.value;
  };
  const auto wide = [&](std::size_t i) {
    WideF32 weight = load_wide(weights + i);
    WideF32 first = load_wide(mean + i);
    WideF32 second = load_wide(square + i);
    adamw_element(factors, load_wide(gradient + i), weight, first, second);
    store_wide(weights + i, weight);
    store_wide(mean + i, first);
    store_wide(square + i, second);
  };
  for_each_entry(n, wide, narrow);
}

void sgd_entries(std::size_t n, const SgdFactors& factors, const float* gradient, float* weights,
                 float* velocity) {
  for (std::size_t i = 0; i < n; ++i) {
    F32 weight(weights[i]);
    F32 speed(velocity != nullptr ? velocity[i] : 0.0f);
    sgd_element(factors, F32(gradient[i]), weight, speed);
    weights[i] = weight.value;
    if (velocity != nullptr) velocity[i] = speed.value;
  }
}

}  // namespace

const TrainOps train_ops{
    kTileRows,
    kTileColumns,
    multiply,
    gelu_entries,
    gelu_backward_entries,
    relu_entries,
    relu_backward_entries,
    add_entries,
    layernorm_rows,
    layernorm_backward_rows,
    layernorm_parameter_columns,
    sum_columns,
    causal_softmax_rows,
    causal_softmax_backward_rows,
    cross_entropy_rows,
    add_fixed_entries,
    from_fixed_entries,
    adamw_entries,
    sgd_entries,
};

}  // namespace REEVE_KERNEL_ISA
}  // namespace reeve::kernels
