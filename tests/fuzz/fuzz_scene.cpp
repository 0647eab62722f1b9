#include "kernels/render/scene_format.h"
#include "kernels/verify/test_scene.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

namespace {

std::string seed(const reeve::kernels::Scene& scene) {
  const std::vector<std::uint8_t> bytes = reeve::kernels::encode_scene(scene);
  return {bytes.begin(), bytes.end()};
}

/// One small piece of everything, so that most of the bytes are counts and fields and few are vertices.
reeve::kernels::Scene make_small_scene() {
  using namespace reeve::kernels;
  Scene scene;
  scene.frame_count = 2;
  scene.cameras.resize(2);
  scene.materials.resize(2);
  scene.materials[1].kind = MaterialKind::kGlass;
  scene.materials[1].base_texture = 0;
  scene.textures = {{1, 2, std::vector<std::uint8_t>(8, 200)}};
  Mesh triangle;
  triangle.positions = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}};
  triangle.normals = {{0, 0, 1}, {0, 0, 1}, {0, 0, 1}};
  triangle.uvs = {{0, 0}, {1, 0}, {0, 1}};
  triangle.indices = {0, 1, 2};
  triangle.material = 1;
  scene.meshes = {triangle};
  scene.instances = {{0, {kIdentityTransform}}, {0, {kIdentityTransform, kIdentityTransform}}};
  return scene;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  using namespace reeve::kernels;
  Scene empty;
  empty.cameras.resize(1);
  return {seed(empty), seed(make_small_scene()), seed(make_studio_scene({4, 1}))};
}

/// A stranger's blob is refused with a reason, or is a scene that keeps every rule and has these bytes alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::kernels;
  Scene scene;
  std::string error;
  if (!decode_scene({data, size}, scene, error)) {
    REEVE_CHECK(!error.empty(), "a refused scene is told why");
    return 0;
  }
  REEVE_CHECK(check_scene(scene, error), "a scene that was read keeps the rules");
  const std::vector<std::uint8_t> again = encode_scene(scene);
  REEVE_CHECK(again == std::vector<std::uint8_t>(data, data + size), "a scene has one spelling");
  return 0;
}
