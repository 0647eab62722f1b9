// Writes the animated scene that the demo renders: reeve-make-demo-scene OUTPUT.glb [--frames N] [--fps F]

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>

#include "tests/demo/demo_scene.h"

namespace {

int write_scene(const std::string& output, const reeve::demo::Timing& timing) {
  std::size_t triangles = 0;
  const auto bytes = reeve::demo::make_demo_scene(timing, &triangles);
  std::ofstream file(output, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    std::fprintf(stderr, "cannot write %s: is its folder there, and is there room on the disk?\n",
                 output.c_str());
    return 1;
  }
  std::printf("%s: %zu triangles, %u frames, %zu bytes\n", output.c_str(), triangles, timing.frames,
              bytes.size());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Writes the demo's animated scene as binary glTF 2.0."};
  std::string output;
  reeve::demo::Timing timing;
  app.add_option("OUTPUT", output, "the .glb file to write")->required();
  app.add_option("--frames", timing.frames, "frames in the loop")->check(CLI::Range(1, 100000));
  app.add_option("--fps", timing.frames_per_second, "frames a second")->check(CLI::Range(1.0, 240.0));
  CLI11_PARSE(app, argc, argv);
  try {
    return write_scene(output, timing);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
