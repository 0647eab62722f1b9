// Rays a second of every kernel that runs here beside Embree, one ray at a time, and the time of a tree.
//
//   bench_rays [--json FILE] [--rounds N] [--side PIXELS] [--triangles N] [--only WORD]
//
// All contenders take turns within a round, and figures are medians over the rounds. Time is the processor
// time of the thread that took longest, so that what else runs on the machine counts less.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <thread>

#include "benchmarks/kernels/embree_rival.h"
#include "benchmarks/kernels/ray_sets.h"
#include "kernels/core/float_environment.h"
#include "kernels/verify/test_scene.h"

namespace reeve::kernels {
namespace {

constexpr const char* kBunny = "/usr/share/glmark2/models/bunny.obj";  // Debian's glmark2-data
constexpr std::size_t kChunkRays = 4096;                               // a thread's share at a time

struct Arguments {
  std::string json, only;
  int rounds = 7;
  std::uint32_t side = 512;
  std::uint32_t triangles = 1'050'000;
};

using Trace = std::function<void(const RayIn* rays, std::size_t count, bool coherent, RayHit* hits)>;

struct Contender {
  std::string name;
  Trace trace;
  bool ours = false;
};

struct Row {
  std::string scene, rays, tracer;
  unsigned threads;
  double mrays;  ///< median, million rays a second
};

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Million rays a second.
double measure(const Contender& contender, const std::vector<RayIn>& rays, bool coherent, unsigned threads,
               std::vector<RayHit>& hits) {
  hits.resize(rays.size());
  std::atomic<std::size_t> next{0};
  std::vector<double> seconds(threads);
  const auto work = [&](unsigned thread) {
    const FloatEnvironment float_environment;
    const double began = thread_seconds();
    for (;;) {
      const std::size_t first = next.fetch_add(kChunkRays);
      if (first >= rays.size()) break;
      const std::size_t count = std::min(kChunkRays, rays.size() - first);
      contender.trace(rays.data() + first, count, coherent, hits.data() + first);
    }
    seconds[thread] = thread_seconds() - began;
  };
  std::vector<std::jthread> helpers;
  for (unsigned thread = 1; thread < threads; ++thread)
    helpers.emplace_back(work, thread);
  work(0);
  helpers.clear();  // joins
  return static_cast<double>(rays.size()) / *std::max_element(seconds.begin(), seconds.end()) * 1e-6;
}

std::vector<Contender> make_contenders(const RaySets& sets, const Arguments& arguments) {
  std::vector<Contender> contenders;
  for (const KernelTable& kernel : all_kernels()) {
    if (!kernel.runs_here()) continue;
    const SceneView& view = sets.frame->view();
    contenders.push_back({kernel.name,
                          [&kernel, &view](const RayIn* rays, std::size_t count, bool, RayHit* hits) {
                            kernel.trace_rays(view, rays, count, hits);
                          },
                          true});
  }
  if (arguments.only.find("x86") == std::string::npos) {
    for (EmbreeRival& rival : make_embree_rivals(sets.frame->triangles()))
      contenders.push_back({rival.name, rival.trace, false});
  }
  std::erase_if(contenders, [&](const Contender& contender) {
    return contender.name.find(arguments.only) == std::string::npos;
  });
  return contenders;
}

/// Ours must agree to the bit; how often Embree names another triangle is printed.
void compare_hits(const Contender& contender, const std::vector<RayHit>& wanted,
                  const std::vector<RayHit>& found) {
  std::size_t other = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    other += wanted[i].triangle != found[i].triangle ? 1 : 0;
  if (!contender.ours) {
    std::printf("  %-22s names another triangle for %.4f %% of the rays\n", contender.name.c_str(),
                100.0 * static_cast<double>(other) / static_cast<double>(wanted.size()));
  } else if (std::memcmp(wanted.data(), found.data(), wanted.size() * sizeof(RayHit)) != 0) {
    std::fprintf(stderr, "%s gives other hits than the first kernel\n", contender.name.c_str());
    std::exit(1);
  }
}

void measure_sets(const RaySets& sets, const Arguments& arguments, std::vector<Row>& rows) {
  const std::vector<Contender> contenders = make_contenders(sets, arguments);
  std::map<std::pair<const Contender*, unsigned>, std::vector<double>> rates[2];
  std::printf("%s: %zu triangles, %zu primary and %zu diffuse rays\n", sets.name.c_str(),
              sets.frame->triangles().size(), sets.primary.size(), sets.diffuse.size());
  for (int round = 0; round < arguments.rounds; ++round) {
    for (std::size_t set = 0; set < 2; ++set) {
      std::vector<RayHit> first, hits;
      for (const Contender& contender : contenders) {
        for (const unsigned threads : {1u, 2u}) {
          const std::vector<RayIn>& rays = set == 0 ? sets.primary : sets.diffuse;
          rates[set][{&contender, threads}].push_back(measure(contender, rays, set == 0, threads, hits));
        }
        if (round != 0) continue;
        if (first.empty()) first = hits;
        compare_hits(contender, first, hits);
      }
    }
  }
  for (std::size_t set = 0; set < 2; ++set) {
    for (const Contender& contender : contenders) {
      for (const unsigned threads : {1u, 2u}) {
        rows.push_back({sets.name, set == 0 ? "primary" : "diffuse", contender.name, threads,
                        median(rates[set][{&contender, threads}])});
      }
    }
  }
}

struct BuildRow {
  std::string scene, builder;
  double seconds;  ///< median, wall clock, two threads
};

void measure_builds(const RaySets& sets, int rounds, std::vector<BuildRow>& rows) {
  std::vector<double> ours, medium, high;
  for (int round = 0; round < rounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    build_bvh(sets.frame->triangles(), sets.frame->materials(), {BvhBuilder::kBinnedSah, kWidth, 2});
    ours.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    medium.push_back(embree_build_seconds(sets.frame->triangles(), false));
    high.push_back(embree_build_seconds(sets.frame->triangles(), true));
  }
  rows.push_back({sets.name, "ours", median(ours)});
  if (medium[0] < 0) return;
  rows.push_back({sets.name, "Embree medium", median(medium)});
  rows.push_back({sets.name, "Embree high", median(high)});
}

double rate_of(const std::vector<Row>& rows, const Row& like, const std::string& tracer) {
  for (const Row& row : rows) {
    if (row.scene == like.scene && row.rays == like.rays && row.threads == like.threads &&
        row.tracer == tracer)
      return row.mrays;
  }
  return NAN;
}

void print_table(const std::vector<Row>& rows, const std::vector<BuildRow>& builds) {
  std::printf("\n%-10s %-8s %-22s %2s %9s   %s\n", "scene", "rays", "tracer", "T", "Mrays/s",
              "of Embree avx512 robust, fast; avx2 robust, fast");
  for (const Row& row : rows) {
    std::printf("%-10s %-8s %-22s %2u %9.2f  ", row.scene.c_str(), row.rays.c_str(), row.tracer.c_str(),
                row.threads, row.mrays);
    for (const char* rival :
         {"Embree avx512 robust", "Embree avx512 fast", "Embree avx2 robust", "Embree avx2 fast"})
      std::printf(" %5.2f", row.mrays / rate_of(rows, row, rival));
    std::printf("\n");
  }
  for (const BuildRow& row : builds)
    std::printf("%-10s build    %-22s %12.3f s\n", row.scene.c_str(), row.builder.c_str(), row.seconds);
}

void write_json(const std::string& path, const std::vector<Row>& rows, const std::vector<BuildRow>& builds) {
  std::ofstream file(path);
  const char* comma = "";
  file << "{\"rays\": [";
  for (const Row& row : rows) {
    file << comma << "\n  {\"scene\": \"" << row.scene << "\", \"rays\": \"" << row.rays
         << "\", \"tracer\": \"" << row.tracer << "\", \"threads\": " << row.threads
         << ", \"mrays_per_s\": " << row.mrays << "}";
    comma = ",";
  }
  file << "],\n\"builds\": [";
  comma = "";
  for (const BuildRow& row : builds) {
    file << comma << "\n  {\"scene\": \"" << row.scene << "\", \"builder\": \"" << row.builder
         << "\", \"seconds\": " << row.seconds << "}";
    comma = ",";
  }
  file << "]}\n";
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  const auto number = [](const char* text) {
    return static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
  };
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const char* value = argv[i + 1];
    if (option == "--json")
      arguments.json = value;
    else if (option == "--only")
      arguments.only = value;
    else if (option == "--rounds")
      arguments.rounds = std::max(1, static_cast<int>(number(value)));
    else if (option == "--side")
      arguments.side = std::max(8u, number(value) / 4 * 4);
    else if (option == "--triangles")
      arguments.triangles = std::max(64u, number(value));
    else {
      std::fprintf(stderr, "bench_rays: option '%s' is unknown; see the head of bench_rays.cpp\n",
                   option.c_str());
      std::exit(2);
    }
  }
  return arguments;
}

void run(const Arguments& arguments) {
  std::vector<Row> rows;
  std::vector<BuildRow> builds;
  const auto detail = static_cast<std::uint32_t>(std::sqrt(static_cast<double>(arguments.triangles)));
  std::vector<RaySets> all;
  all.push_back(make_ray_sets("boulder", make_boulder_scene(detail), arguments.side));
  Scene bunny = load_obj_scene(kBunny);
  if (bunny.meshes.empty()) {
    std::printf("no bunny: %s is not there (Debian's glmark2-data)\n", kBunny);
  } else {
    all.push_back(make_ray_sets("bunny", std::move(bunny), arguments.side));
  }
  for (const RaySets& sets : all) {
    measure_sets(sets, arguments, rows);
    if (arguments.only.empty()) measure_builds(sets, std::min(arguments.rounds, 5), builds);
  }
  print_table(rows, builds);
  if (!arguments.json.empty()) write_json(arguments.json, rows, builds);
}

}  // namespace
}  // namespace reeve::kernels

int main(int argc, char** argv) {
  reeve::kernels::run(reeve::kernels::parse(argc, argv));
}
