// Products beside OpenBLAS of the same instruction set, and what exact sums of gradients cost.
//
//   bench_train [--json FILE] [--rounds N]
//
// Contenders take turns within a round; figures are medians over the rounds. One thread is measured by its
// processor time, several by the clock. OpenBLAS is opened where it is installed (libopenblas0-pthread); it
// chooses its kernels when it is loaded, so that each instruction set has a process of its own.
#include <dlfcn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "kernels/core/float_environment.h"
#include "kernels/train/model.h"
#include "kernels/train/model_layout.h"
#include "kernels/train/train.h"

namespace reeve::kernels {
namespace {

using Sgemm = void (*)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float* a,
                       int lda, const float* b, int ldb, float beta, float* c, int ldc);

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <class Work>
double measure(unsigned threads, Work work) {
  const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  const double began = seconds_of(clock);
  work();
  return seconds_of(clock) - began;
}

struct OpenBlas {
  Sgemm sgemm = nullptr;
  void (*set_threads)(int) = nullptr;

  explicit OpenBlas(const char* core_type) {
    setenv("OPENBLAS_CORETYPE", core_type, 1);
    void* library = dlopen("libopenblas.so.0", RTLD_NOW);
    if (library == nullptr) return;
    sgemm = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
    set_threads = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
  }
  bool there() const { return sgemm != nullptr && set_threads != nullptr; }
};

/// Median Gflop/s of both at n x n x n; 0 for OpenBLAS where it is not installed.
struct Rates {
  double ours = 0, rival = 0;
};
Rates product_rates(const Layers& layers, const OpenBlas& blas, std::size_t n, unsigned threads, int rounds) {
  std::vector<float> a(n * n, 0.5f);
  std::vector<float> b(n * n, 0.25f);
  std::vector<float> c(n * n);
  const auto side = static_cast<int>(n);
  const double gflop = 2e-9 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n);
  const int repeats = std::max(1, static_cast<int>(0.02 * 100 / gflop));
  if (blas.there()) blas.set_threads(static_cast<int>(threads));
  std::vector<double> ours;
  std::vector<double> rival;
  for (int round = 0; round < rounds; ++round) {
    ours.push_back(gflop * repeats / measure(threads, [&] {
                     for (int i = 0; i < repeats; ++i)
                       layers.gemm({n, n, n, a.data(), n, 1, b.data(), n, 1, c.data(), n});
                   }));
    if (!blas.there()) continue;
    rival.push_back(gflop * repeats / measure(threads, [&] {
                      for (int i = 0; i < repeats; ++i)
                        blas.sgemm(101, 111, 111, side, side, side, 1, a.data(), side, b.data(), side, 0,
                                   c.data(), side);
                    }));
  }
  return {median(ours), rival.empty() ? 0 : median(rival)};
}

TrainSpec bench_spec(ModelKind model) {
  TrainSpec spec;
  spec.model = model;
  spec.mlp = {784, 10, {128}, Activation::kGelu};
  spec.gpt = {64, 4, 4, 144, true};
  spec.micro_batch = model == ModelKind::kMlp ? 64 : 8;
  spec.micro_batches = spec.generations = 1;
  return spec;
}

/// Seconds of micro-batches whose gradients are summed as integers, and as floats.
struct SumCosts {
  double exact = 0, floats = 0;
};
SumCosts sum_costs(const TrainSpec& spec, const Layers& layers, int rounds) {
  std::string error;
  TrainState state;
  read_train_state(spec, train_initial_state(spec, error), state, error);
  const std::size_t n = state.parameters.size();
  const bool gpt = spec.model == ModelKind::kGpt;
  const std::uint32_t length = gpt ? spec.gpt.context : 1;
  const std::vector<std::uint8_t> values(std::size_t{spec.micro_batch} * (gpt ? length : spec.mlp.features),
                                         65);
  const ModelInput input{spec.micro_batch, values, length};
  const auto model = make_model(spec, spec.micro_batch, layers);
  const std::vector<std::uint8_t> targets(model->rows(input), 3);
  std::vector<float> losses(targets.size());
  std::vector<float> gradient(n);
  std::vector<float> floats(n);
  std::vector<std::int64_t> integers(n);
  const auto differentiate = [&] {
    model->forward(state.parameters.data(), input);
    model->backward(state.parameters.data(), input, targets, gradient.data(), losses.data());
  };
  constexpr int kMicroBatches = 16;
  std::vector<double> exact;
  std::vector<double> plain;
  for (int round = 0; round < rounds; ++round) {
    exact.push_back(measure(1, [&] {
      for (int i = 0; i < kMicroBatches; ++i) {
        differentiate();
        layers.ops().add_fixed(n, spec.gradient_scale_log2, gradient.data(), integers.data());
      }
    }));
    plain.push_back(measure(1, [&] {
      for (int i = 0; i < kMicroBatches; ++i) {
        differentiate();
        layers.ops().add(n, floats.data(), gradient.data(), floats.data());
      }
    }));
  }
  return {median(exact), median(plain)};
}

/// The rows of one instruction set, as JSON objects with commas between them.
std::string rows_of(const TrainKernel& kernel, const char* core_type, int rounds) {
  const FloatEnvironment float_environment;
  const OpenBlas blas(core_type);
  std::string rows;
  const auto add = [&rows](const std::string& row) { rows += (rows.empty() ? "" : ",\n") + row; };
  char text[256];
  for (const unsigned threads : {1u, 2u}) {
    Team team(threads);
    const Layers layers(*kernel.ops, team);
    for (const std::size_t n : {256u, 512u, 1024u, 2048u}) {
      const Rates rates = product_rates(layers, blas, n, threads, rounds);
      std::fprintf(stderr, "gemm %-10s n %4zu threads %u: %6.1f Gflop/s, OpenBLAS %s %6.1f, ratio %.2f\n",
                   kernel.name, n, threads, rates.ours, core_type, rates.rival,
                   rates.rival > 0 ? rates.ours / rates.rival : 0);
      std::snprintf(
          text, sizeof text,
          R"({"what": "gemm", "kernel": "%s", "n": %zu, "threads": %u, "gflops": %.2f, "openblas": %.2f})",
          kernel.name, n, threads, rates.ours, rates.rival);
      add(text);
    }
  }
  Team team(1);
  for (const ModelKind model : {ModelKind::kMlp, ModelKind::kGpt}) {
    const TrainSpec spec = bench_spec(model);
    const SumCosts costs = sum_costs(spec, Layers(*kernel.ops, team), rounds);
    const char* name = model == ModelKind::kMlp ? "mlp" : "gpt";
    const auto parameters = static_cast<unsigned long long>(parameter_count(spec));
    std::fprintf(stderr, "exact %-10s %s of %llu parameters: %.1f %% more than float sums\n", kernel.name,
                 name, parameters, 100 * (costs.exact / costs.floats - 1));
    std::snprintf(
        text, sizeof text,
        R"({"what": "exact", "kernel": "%s", "model": "%s", "parameters": %llu, "exact_s": %.5f, "float_s": %.5f})",
        kernel.name, name, parameters, costs.exact, costs.floats);
    add(text);
  }
  return rows;
}

/// What rows_of gives in a process of its own.
std::string rows_in_child(const TrainKernel& kernel, const char* core_type, int rounds) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    const std::string rows = rows_of(kernel, core_type, rounds);
    const ssize_t written = write(ends[1], rows.data(), rows.size());
    _exit(written == static_cast<ssize_t>(rows.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string rows;
  char part[4096];
  for (ssize_t size; (size = read(ends[0], part, sizeof part)) > 0;)
    rows.append(part, static_cast<std::size_t>(size));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return rows;
}

int run(int argc, char** argv) {
  std::string json;
  int rounds = 7;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--json") json = argv[i + 1];
    if (option == "--rounds") rounds = std::max(1, std::atoi(argv[i + 1]));
  }
  std::string rows;
  for (const TrainKernel& kernel : all_train_kernels()) {
    const std::string name = kernel.name;
    if (!kernel.runs_here() || name == "x86-64") continue;  // whose fma is emulated: nothing to race
    rows += (rows.empty() ? "" : ",\n") +
            rows_in_child(kernel, name == "x86-64-v4" ? "SKYLAKEX" : "HASWELL", rounds);
  }
  if (!json.empty()) std::ofstream(json) << "[" << rows << "]\n";
  return rows.empty() ? 1 : 0;
}

}  // namespace
}  // namespace reeve::kernels

int main(int argc, char** argv) {
  return reeve::kernels::run(argc, argv);
}
