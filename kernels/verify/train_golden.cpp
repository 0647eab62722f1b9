#include "kernels/verify/train_golden.h"

#include <cstdio>
#include <cstdlib>

#include "kernels/core/float_environment.h"
#include "kernels/core/hash.h"
#include "kernels/core/rng.h"
#include "kernels/train/layers.h"
#include "kernels/train/train.h"

namespace reeve::kernels {
namespace {

using Floats = std::vector<float>;

/// Numbers in -1..1 that every host draws alike.
Floats numbers(std::size_t size, std::uint64_t seed) {
  Floats floats(size);
  for (std::uint32_t i = 0; i < size; ++i)
    floats[i] = fma(F32(2), to_unit(philox({{i, 0, 0, 0}}, seed).word[0]), F32(-1)).value;
  return floats;
}

std::vector<std::uint8_t> bytes_below(std::size_t size, std::uint32_t below, std::uint64_t seed) {
  std::vector<std::uint8_t> bytes(size);
  for (std::uint32_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(multiply_high(philox({{i, 0, 0, 0}}, seed).word[0], below));
  return bytes;
}

class Golden {
 public:
  Golden(const TrainKernel& kernel, unsigned threads)
      : kernel_(kernel), threads_(threads), team_(threads), layers_(*kernel.ops, team_) {}

  void products() {
    product("gemm 1x1x1", 1, 1, 1);
    product("gemm 7x13x19", 7, 13, 19);
    product("gemm 33x65x129", 33, 65, 129);
    product("gemm 100x10x784", 100, 10, 784);
    product("gemm 257x300x511", 257, 300, 511);
  }

  void operations() {
    constexpr std::size_t kRows = 23;
    constexpr std::size_t kWidth = 77;
    const std::size_t n = kRows * kWidth;
    const Floats x = wide_numbers(n, 1);
    const Floats dy = numbers(n, 2);
    Floats y(n);
    layers_.map(ops().gelu, n, x.data(), y.data());
    keep("gelu", y);
    layers_.map(ops().gelu_backward, n, x.data(), dy.data(), y.data());
    keep("gelu backward", y);
    layers_.map(ops().relu_backward, n, x.data(), dy.data(), y.data());
    keep("relu backward", y);
    normal_layer(kRows, kWidth, x, dy);
    Floats p = wide_numbers(kWidth * kWidth, 5);
    ops().causal_softmax(kWidth, 0.25f, p.data());
    keep("causal softmax", p);
    Floats dp = numbers(kWidth * kWidth, 6);
    ops().causal_softmax_backward(kWidth, 0.25f, p.data(), dp.data());
    keep("causal softmax backward", dp);
    Floats logits = x;
    Floats losses(kRows);
    layers_.cross_entropy(kRows, kWidth, 0.125f, bytes_below(kRows, kWidth, 7).data(), logits.data(),
                          losses.data());
    keep("cross entropy", logits);
    keep("cross entropy losses", losses);
    updates(x, dy);
  }

  void run(const char* name, const TrainSpec& spec, const std::vector<std::uint8_t>& blob) {
    Dataset dataset;
    std::string error;
    require(decode_dataset(blob, dataset, error), error);
    const TrainOptions options{threads_, &kernel_, {}};
    TrainBytes state = train_initial_state(spec, error);
    require(!state.empty(), error);
    keep(std::string(name) + " initial state", state);
    for (std::uint32_t generation = 0; generation < spec.generations; ++generation) {
      const TrainBytes gradient = train_gradient(spec, dataset, state, generation, 0, options, error);
      require(!gradient.empty(), error);
      keep(std::string(name) + " gradient " + std::to_string(generation), gradient);
      const std::span<const std::uint8_t> all[] = {gradient};
      state = train_update(spec, state, all, generation, options, error);
      require(!state.empty(), error);
      keep(std::string(name) + " state " + std::to_string(generation + 1), state);
    }
    const std::size_t length = spec.model == ModelKind::kGpt ? spec.gpt.context : dataset.features;
    keep(std::string(name) + " scores",
         train_logits(spec, state, dataset.values.first(length), options, error));
  }

  std::vector<GoldenHash> take() { return std::move(hashes_); }

 private:
  const TrainOps& ops() const { return *kernel_.ops; }

  static Floats wide_numbers(std::size_t size, std::uint64_t seed) {
    Floats floats = numbers(size, seed);
    for (float& value : floats)
      value = (F32(value) * F32(8)).value;
    return floats;
  }

  static void require(bool holds, const std::string& error) {
    if (holds) return;
    std::fprintf(stderr, "golden: %s\n", error.c_str());
    std::exit(1);
  }

  void keep(const std::string& name, const Floats& floats) {
    hashes_.push_back({name, hash_bytes(reinterpret_cast<const std::uint8_t*>(floats.data()),
                                        floats.size() * sizeof(float))});
  }
  void keep(const std::string& name, const TrainBytes& bytes) {
    hashes_.push_back({name, hash_bytes(bytes.data(), bytes.size())});
  }

  /// Plain, and with both sides transposed, added to what is there, in parts.
  void product(const std::string& name, std::size_t rows, std::size_t columns, std::size_t depth) {
    const Floats a = numbers(rows * depth, 1);
    const Floats b = numbers(depth * columns, 2);
    Floats c(rows * columns);
    layers_.gemm({rows, columns, depth, a.data(), depth, 1, b.data(), columns, 1, c.data(), columns});
    keep(name, c);
    c = numbers(rows * columns, 3);
    layers_.gemm({rows, columns, depth, a.data(), 1, rows, b.data(), 1, depth, c.data(), columns,
                  GemmStart::kSum, GemmOrder::kParts});
    keep(name + " in parts", c);
  }

  void normal_layer(std::size_t rows, std::size_t width, const Floats& x, const Floats& dy) {
    const Floats gain = numbers(width, 3);
    const Floats bias = numbers(width, 4);
    Floats y(rows * width);
    Floats mean(rows);
    Floats scale(rows);
    Floats dx(rows * width);
    Floats dgain(width);
    Floats dbias(width);
    layers_.layernorm(rows, width, x.data(), gain.data(), bias.data(), y.data(), mean.data(), scale.data());
    keep("layernorm", y);
    layers_.layernorm_backward(rows, width, x.data(), gain.data(), mean.data(), scale.data(), dy.data(),
                               dx.data(), dgain.data(), dbias.data());
    keep("layernorm backward", dx);
    keep("layernorm gain", dgain);
    keep("layernorm bias", dbias);
  }

  void updates(const Floats& x, const Floats& dy) {
    const std::size_t n = x.size();
    std::vector<std::int64_t> sums(n);
    ops().add_fixed(n, 36, x.data(), sums.data());
    ops().add_fixed(n, 36, dy.data(), sums.data());
    Floats gradient(n);
    ops().from_fixed(n, 36, 3, sums.data(), gradient.data());
    keep("fixed point", gradient);
    Floats weights = x;
    Floats mean = dy;
    Floats square(n);
    ops().adamw(n, {0.9f, 0.99f, 10, 100, 1e-8f, 0.01f, 0.1f}, gradient.data(), weights.data(), mean.data(),
                square.data());
    keep("adamw", weights);
    weights = x;
    ops().sgd(n, {0.9f, 0.01f, 0.1f}, gradient.data(), weights.data(), mean.data());
    keep("sgd", weights);
  }

  const TrainKernel& kernel_;
  const unsigned threads_;
  Team team_;
  Layers layers_;
  std::vector<GoldenHash> hashes_;
};

TrainSpec golden_spec(ModelKind model) {
  TrainSpec spec;
  spec.model = model;
  spec.mlp = {50, 7, {33, 20}, Activation::kGelu};
  spec.gpt = {21, 2, 3, 36, false};
  spec.micro_batch = model == ModelKind::kMlp ? 9 : 3;
  spec.micro_batches = 2;
  spec.generations = 3;
  spec.rate = {RateShape::kCosine, 0.01f, 0.001f, 1};
  spec.seed = 0x123456789abcdefu;
  return spec;
}

}  // namespace

std::vector<GoldenHash> train_golden(const TrainKernel& kernel, unsigned threads) {
  const FloatEnvironment float_environment;
  Golden golden(kernel, threads);
  golden.products();
  golden.operations();
  golden.run("mlp", golden_spec(ModelKind::kMlp),
             encode_images(50, 7, bytes_below(50 * 40, 256, 8), bytes_below(40, 7, 9)));
  golden.run("gpt", golden_spec(ModelKind::kGpt), encode_text(bytes_below(500, 256, 10)));
  return golden.take();
}

}  // namespace reeve::kernels
