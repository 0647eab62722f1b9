// A plug-in for tests: the interface of libreeve_cuda.so with the kernels of the processors behind it. It is
// no device and proves nothing of one; it shows what a worker does with what a plug-in may say. The
// environment variable REEVE_STAND_IN, read at each call, says what goes wrong:
//   old        it has another version of the interface
//   no-driver  there are no devices
//   small      no frame fits
//   lost       every tile loses the device
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "kernels/cuda/plugin.h"
#include "kernels/render/kernel_table.h"

using namespace reeve::kernels;

namespace {

bool asked(const char* fault) {
  const char* text = std::getenv("REEVE_STAND_IN");
  return text != nullptr && std::string_view(text) == fault;
}

ReeveCudaStatus say(ReeveCudaStatus status, const char* text, ReeveCudaWhy* why) {
  std::snprintf(why->text, sizeof why->text, "%s", text);
  return status;
}

std::uint32_t tiles = 0;
std::uint32_t frames = 0;

}  // namespace

struct ReeveCudaFrame {
  SceneView view;
};

extern "C" std::uint32_t stand_in_tiles() {
  return tiles;
}
extern "C" std::uint32_t stand_in_frames() {
  return frames;
}

uint64_t reeve_cuda_abi(void) {
  return asked("old") ? kReeveCudaAbi - 1 : kReeveCudaAbi;
}

ReeveCudaStatus reeve_cuda_devices(ReeveCudaDevice* devices, uint32_t room, uint32_t* count,
                                   ReeveCudaWhy* why) {
  *count = 0;
  if (asked("no-driver")) return say(kReeveCudaNoDevice, "looking for devices: no driver", why);
  *count = 2;
  for (uint32_t i = 0; i < *count && i < room; ++i) {
    devices[i] = {};
    std::snprintf(devices[i].name, sizeof devices[i].name, "Stand-in %u", i);
    devices[i].uuid[15] = static_cast<uint8_t>(i + 1);
  }
  return kReeveCudaOk;
}

ReeveCudaStatus reeve_cuda_open_frame(uint32_t, const ReeveCudaScene* scene, ReeveCudaFrame** frame,
                                      ReeveCudaWhy* why) {
  if (asked("small"))
    return say(kReeveCudaOutOfMemory, "copying the frame to the device: out of memory", why);
  ++frames;
  *frame = new ReeveCudaFrame{scene->view};
  return kReeveCudaOk;
}

ReeveCudaStatus reeve_cuda_render(const ReeveCudaFrame* frame, const RenderRequest* request, uint8_t* out,
                                  size_t, ReeveCudaProgress progress, void* context, ReeveCudaWhy* why) {
  for (std::uint32_t leaf = 0; leaf < leaf_count(*request); ++leaf) {
    if (asked("lost"))
      return say(kReeveCudaDeviceLost, "rendering a tile: uncorrectable ECC error encountered", why);
    if (progress(context, leaf, leaf_count(*request)) != 0) return say(kReeveCudaCancelled, "cancelled", why);
    best_kernel().render_leaf(frame->view, *request, leaf, out + leaf * kRenderLeafBytes);
  }
  ++tiles;
  return kReeveCudaOk;
}

void reeve_cuda_close_frame(ReeveCudaFrame* frame) {
  delete frame;
}
