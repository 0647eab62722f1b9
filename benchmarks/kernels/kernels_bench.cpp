// Rays a second of each kernel that runs here, tree builds, and a tile of the demo's size of scene.
#include <benchmark/benchmark.h>

#include "kernels/core/rng.h"
#include "kernels/core/vec3.h"
#include "kernels/render/render.h"
#include "kernels/render/sampling.h"
#include "kernels/verify/test_scene.h"

namespace reeve::kernels {
namespace {

constexpr std::uint32_t kDetail = 150;  // about 200,000 triangles
constexpr std::uint32_t kSide = 512;

const Scene& bench_scene() {
  static const Scene scene = make_garden_scene({kDetail, 1});
  return scene;
}

const PreparedFrame& bench_frame() {
  static const auto prepared = [] {
    std::string error;
    return PreparedFrame::prepare(bench_scene(), 1, error);
  }();
  return *prepared;
}

/// One camera ray a pixel, in 4x4 blocks as a tile takes them.
std::vector<RayIn> primary_rays() {
  const CameraView& camera = bench_frame().view().camera;
  std::vector<RayIn> rays;
  for (std::uint32_t i = 0; i < kSide * kSide; ++i) {
    const std::uint32_t block = i / 16;
    const std::uint32_t x = block % (kSide / 4) * 4 + i % 4;
    const std::uint32_t y = block / (kSide / 4) * 4 + i / 4 % 4;
    const auto axis = [](std::uint32_t at) {
      return fma(from_int(static_cast<std::int32_t>(at)), F32(2.0f / kSide), F32(-1));
    };
    const Vec3 direction =
        fma(load_vec3(camera.right), axis(x), fma(load_vec3(camera.up), -axis(y), load_vec3(camera.forward)));
    RayIn ray{};
    store_vec3(ray.origin, load_vec3(camera.eye));
    store_vec3(ray.direction, normalize(direction));
    rays.push_back(ray);
  }
  return rays;
}

/// A cosine-distributed ray from each hit of the primary ones.
std::vector<RayIn> diffuse_rays() {
  const std::vector<RayIn> primary = primary_rays();
  std::vector<RayHit> hits(primary.size());
  best_kernel().trace_rays(bench_frame().view(), primary.data(), primary.size(), hits.data());
  std::vector<RayIn> rays;
  for (std::uint32_t i = 0; i < primary.size(); ++i) {
    if (hits[i].triangle == kNone) continue;
    const TriangleView& triangle = bench_frame().triangles()[hits[i].triangle];
    const Vec3 along = load_vec3(primary[i].direction);
    Vec3 normal = normalize(cross(load_vec3(triangle.edge1), load_vec3(triangle.edge2)));
    if (dot(normal, along) > F32(0)) normal = -normal;
    const Random4 random = philox({{i, 0, 0, 0}}, 1);
    RayIn ray{};
    store_vec3(ray.origin, fma(normal, F32(1e-4f), fma(along, F32(hits[i].t), load_vec3(primary[i].origin))));
    const Vec3 local = sample_cosine(to_unit(random.word[0]), to_unit(random.word[1]));
    store_vec3(ray.direction, normalize(frame_around(normal).to_world(local)));
    rays.push_back(ray);
  }
  return rays;
}

const KernelTable* kernel_of(benchmark::State& state) {
  const auto kernels = all_kernels();
  const auto index = static_cast<std::size_t>(state.range(0));
  if (index < kernels.size() && kernels[index].runs_here()) {
    state.SetLabel(kernels[index].name);
    return &kernels[index];
  }
  state.SkipWithError("this processor has no such kernel");
  return nullptr;
}

void trace_all(benchmark::State& state, const std::vector<RayIn>& rays) {
  const KernelTable* kernel = kernel_of(state);
  std::vector<RayHit> hits(rays.size());
  for (auto _ : state) {
    if (kernel != nullptr) kernel->trace_rays(bench_frame().view(), rays.data(), rays.size(), hits.data());
    benchmark::DoNotOptimize(hits.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rays.size()));
}

void primary_rays_per_second(benchmark::State& state) {
  trace_all(state, primary_rays());
}
void diffuse_rays_per_second(benchmark::State& state) {
  trace_all(state, diffuse_rays());
}

void shadow_rays_per_second(benchmark::State& state) {
  const KernelTable* kernel = kernel_of(state);
  const std::vector<RayIn> rays = diffuse_rays();
  std::vector<std::uint8_t> blocked(rays.size());
  for (auto _ : state) {
    if (kernel != nullptr) {
      kernel->block_rays(bench_frame().view(), rays.data(), rays.size(), 1e30f, blocked.data());
    }
    benchmark::DoNotOptimize(blocked.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rays.size()));
}

/// Items are camera paths: what render_work counts.
void tile_paths_per_second(benchmark::State& state) {
  const KernelTable* kernel = kernel_of(state);
  RenderRequest request;
  request.image_width = 480;
  request.image_height = 270;
  request.tile_x = 120;
  request.tile_y = 64;
  request.tile_width = 240;
  request.tile_height = 136;
  request.samples = 2;
  for (auto _ : state) {
    if (kernel != nullptr) benchmark::DoNotOptimize(render_tile(bench_frame(), request, {1, kernel, {}}));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(render_work(request)));
}

void prepare_triangles_per_second(benchmark::State& state) {
  std::string error;
  for (auto _ : state)
    benchmark::DoNotOptimize(PreparedFrame::prepare(bench_scene(), 1, error));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(bench_frame().triangles().size()));
}

BENCHMARK(primary_rays_per_second)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);
BENCHMARK(diffuse_rays_per_second)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);
BENCHMARK(shadow_rays_per_second)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);
BENCHMARK(tile_paths_per_second)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);
BENCHMARK(prepare_triangles_per_second)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace reeve::kernels
