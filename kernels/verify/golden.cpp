// Prints one hash of a whole frame for each scene, frame and kernel: builds and processors are compared by
// it.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "kernels/core/hash.h"
#include "kernels/cuda/plugin_library.h"
#include "kernels/render/render.h"
#include "kernels/verify/test_scene.h"

namespace reeve::kernels {
namespace {

struct Arguments {
  std::string kernel;                             ///< empty: every one that runs here
  std::string plugin;                             ///< the path of libreeve_cuda.so: its device 0 and no CPU
  std::string scene;                              ///< a blob's path; empty: the scenes made here
  std::string dump;                               ///< a folder for binary PPM pictures; empty: none
  std::uint32_t first_frame = 0, last_frame = 0;  ///< 0: the scene's
  unsigned threads = 1;
  std::uint32_t width = 96, height = 54, samples = 4, detail = 32;
};

constexpr const char* kUsage =
    "usage: golden [--kernel NAME | --plugin LIBRARY] [--threads N] [--scene BLOB [--frames A-B]] [--size "
    "WxH] [--samples N]\n"
    "              [--detail N] [--dump FOLDER] [--list]\n"
    "Renders and prints 'NAME frame N kernel K hash H' for each scene and kernel.\n";

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "golden: %s\n%s", why.c_str(), kUsage);
  std::exit(2);
}

std::uint32_t to_number(const std::string& text) {
  char* end = nullptr;
  const unsigned long value = std::strtoul(text.c_str(), &end, 10);
  if (text.empty() || *end != 0 || value > 1u << 20) stop("'" + text + "' is no number up to 2^20");
  return static_cast<std::uint32_t>(value);
}

void split_pair(const std::string& text, char mark, std::uint32_t& first, std::uint32_t& second) {
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) stop("'" + text + "' needs two numbers with '" + mark + "' between them");
  first = to_number(text.substr(0, at));
  second = to_number(text.substr(at + 1));
}

void list_kernels() {
  for (const KernelTable& kernel : all_kernels()) {
    if (kernel.runs_here()) std::printf("%s\n", kernel.name);
  }
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--list") {
      list_kernels();
      std::exit(0);
    }
    if (i + 1 == argc) stop("option '" + option + "' is unknown or lacks its value");
    const std::string value = argv[++i];
    if (option == "--kernel") {
      arguments.kernel = value;
    } else if (option == "--plugin") {
      arguments.plugin = value;
    } else if (option == "--scene") {
      arguments.scene = value;
    } else if (option == "--dump") {
      arguments.dump = value;
    } else if (option == "--threads") {
      arguments.threads = to_number(value);
    } else if (option == "--samples") {
      arguments.samples = to_number(value);
    } else if (option == "--detail") {
      arguments.detail = to_number(value);
    } else if (option == "--size") {
      split_pair(value, 'x', arguments.width, arguments.height);
    } else if (option == "--frames") {
      split_pair(value, '-', arguments.first_frame, arguments.last_frame);
    } else {
      stop("option '" + option + "' is unknown");
    }
  }
  return arguments;
}

Scene load_scene(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) stop("cannot read '" + path + "'");
  const std::vector<char> text((std::istreambuf_iterator<char>(file)), {});
  Scene scene;
  std::string error;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  if (!decode_scene({bytes, text.size()}, scene, error)) stop(path + ": " + error);
  return scene;
}

float pixel_of(const std::vector<std::uint8_t>& tile, const RenderRequest& request, std::uint32_t x,
               std::uint32_t y, std::uint32_t channel) {
  const std::size_t leaf = std::size_t{y / kLeafSide} * leaf_columns(request) + x / kLeafSide;
  const std::size_t index = y % kLeafSide * kLeafSide + x % kLeafSide;
  float value = 0;
  std::memcpy(&value, tile.data() + leaf * kRenderLeafBytes + (index * 3 + channel) * 4, 4);
  return value;
}

void dump_picture(const std::string& path, const RenderRequest& request,
                  const std::vector<std::uint8_t>& tile, const std::vector<float>& srgb_to_linear) {
  std::ofstream file(path, std::ios::binary);
  file << "P6\n" << request.tile_width << ' ' << request.tile_height << "\n255\n";
  for (std::uint32_t y = 0; y < request.tile_height; ++y) {
    for (std::uint32_t x = 0; x < request.tile_width; ++x) {
      for (std::uint32_t channel = 0; channel < 3; ++channel) {
        const float value = pixel_of(tile, request, x, y, channel);
        std::size_t byte = 0;
        while (byte < 255 && srgb_to_linear[byte] < value)
          ++byte;
        file.put(static_cast<char>(byte));
      }
    }
  }
}

void print_hash(const Arguments& arguments, const std::string& name, const char* kernel,
                const PreparedFrame& prepared, const RenderRequest& request,
                const std::vector<std::uint8_t>& tile) {
  std::printf("%s frame %u kernel %s hash %016llx\n", name.c_str(), request.frame, kernel,
              static_cast<unsigned long long>(hash_bytes(tile.data(), tile.size())));
  if (arguments.dump.empty()) return;
  const std::string path = arguments.dump + "/" + name + "-" + std::to_string(request.frame) + ".ppm";
  dump_picture(path, request, tile, prepared.srgb_to_linear());
}

std::vector<std::uint8_t> render_on_device(const Arguments& arguments, const PreparedFrame& prepared,
                                           const RenderRequest& request) {
  std::string error;
  static const auto library = PluginLibrary::open(arguments.plugin, error);
  if (!library) stop(error);
  PluginFailure failure;
  if (library->devices(failure).empty()) stop(failure.why);
  const auto frame = DeviceFrame::open(*library, 0, prepared, failure);
  if (!frame) stop(failure.why);
  auto tile = frame->render_tile(request, {}, failure);
  if (tile.empty()) stop(failure.why);
  return tile;
}

void render_frame(const Arguments& arguments, const std::string& name, const Scene& scene,
                  std::uint32_t frame) {
  std::string error;
  const auto prepared = PreparedFrame::prepare(scene, frame, error);
  if (!prepared) stop(error);
  RenderRequest request;
  request.frame = frame;
  request.image_width = request.tile_width = arguments.width;
  request.image_height = request.tile_height = arguments.height;
  request.samples = arguments.samples;
  request.seed = 0x123456789abcdefull;
  if (!check_request(request, error)) stop(error);
  if (!arguments.plugin.empty())
    return print_hash(arguments, name, "cuda", *prepared, request,
                      render_on_device(arguments, *prepared, request));
  for (const KernelTable& kernel : all_kernels()) {
    if (!kernel.runs_here() || (!arguments.kernel.empty() && arguments.kernel != kernel.name)) continue;
    print_hash(arguments, name, kernel.name, *prepared, request,
               render_tile(*prepared, request, {arguments.threads, &kernel, {}}));
  }
}

void render_scene(const Arguments& arguments, const std::string& name, const Scene& scene) {
  const std::uint32_t first = arguments.first_frame != 0 ? arguments.first_frame : scene.first_frame;
  const std::uint32_t last =
      arguments.last_frame != 0 ? arguments.last_frame : scene.first_frame + scene.frame_count - 1;
  for (std::uint32_t frame = first; frame <= last; ++frame)
    render_frame(arguments, name, scene, frame);
}

int run(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  if (!arguments.scene.empty()) {
    render_scene(arguments, "scene", load_scene(arguments.scene));
    return 0;
  }
  const TestSceneOptions options{arguments.detail, 2};
  render_scene(arguments, "garden", make_garden_scene(options));
  render_scene(arguments, "studio", make_studio_scene(options));
  return 0;
}

}  // namespace
}  // namespace reeve::kernels

int main(int argc, char** argv) {
  return reeve::kernels::run(argc, argv);
}
