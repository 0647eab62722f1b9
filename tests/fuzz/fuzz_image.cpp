// An image that a requester sent: its archive, its documents and its layers.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/image/places.h"
#include "agent/image/unpack.h"
#include "protocol/check.h"
#include "tests/agent/image/samples.h"
#include "tests/fuzz/fuzz.h"

namespace {

namespace fs = std::filesystem;
namespace image = reeve::agent::image;
namespace samples = image::samples;

constexpr std::uint64_t kMostBytes = 1U << 20;

/// A folder with two in it: one to unpack into, and one that must stay empty.
const fs::path& room() {
  static const fs::path folder = [] {
    std::string pattern = (fs::temp_directory_path() / "reeve-fuzz-image-XXXXXX").string();
    REEVE_CHECK(mkdtemp(pattern.data()) != nullptr, "there is a folder for temporary files");
    fs::create_directory(fs::path(pattern) / "outside");
    std::atexit([] { fs::remove_all(room()); });
    return fs::path(pattern);
  }();
  return folder;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  using samples::folder;
  using samples::hard_link;
  using samples::link;
  const samples::Layers layers{
      {folder("a"), {"a/f", "text"}, link("l", "../../outside"), hard_link("h", "a/f")},
      {{"l/new", "x"}, {".wh.a", ""}, {"a/.wh..wh..opq", ""}, {"../outside/x", "y"}, {"/etc/passwd", "z"}}};
  const samples::Layers good{{folder("a"), {"a/f", "text"}}};
  samples::Options packed;
  packed.pack = "gzip";
  return {samples::oci_archive(good), samples::docker_archive(good), samples::docker_archive(layers),
          samples::oci_archive(good, packed)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fs::path archive = room() / "archive";
  const fs::path folder = room() / "image";
  std::ofstream(archive, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  fs::create_directory(folder);
  if (image::unpack_image(archive, folder, kMostBytes))
    REEVE_CHECK(image::check_places(folder / "rootfs").ok(), "an accepted image can be mounted over");
  REEVE_CHECK(fs::is_empty(room() / "outside"), "nothing is written beside the image");
  fs::remove_all(folder);
  return 0;
}
