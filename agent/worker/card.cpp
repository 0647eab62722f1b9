#include "agent/worker/card.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace reeve::agent::worker {
namespace {

std::string plugin_path() {
  if (const char* named = std::getenv("REEVE_CUDA_PLUGIN")) return named;
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "libreeve_cuda.so").string();
}

}  // namespace

std::unique_ptr<Card> Card::open(const std::vector<SlotGpu>& gpus, std::string& note) {
  if (gpus.empty()) return nullptr;
  std::unique_ptr<Card> card(new Card);
  card->library_ = kernels::PluginLibrary::open(plugin_path(), note);
  if (!card->library_) return nullptr;
  kernels::PluginFailure failure;
  const std::vector<ReeveCudaDevice> devices = card->library_->devices(failure);
  for (const SlotGpu& gpu : gpus) {
    const auto device = std::find_if(
        devices.begin(), devices.end(),
        [&gpu](const ReeveCudaDevice& candidate) { return kernels::uuid_text(candidate) == gpu.uuid; });
    if (device == devices.end()) continue;
    card->device_ = static_cast<std::uint32_t>(device - devices.begin());
    card->name_ = device->name;
    card->uuid_ = gpu.uuid;
    return card;
  }
  note = failure.status != kReeveCudaOk
             ? failure.why
             : "CUDA shows none of the slot's cards (CUDA_VISIBLE_DEVICES may hide them)";
  return nullptr;
}

Error Card::error_of(const kernels::PluginFailure& failure) {
  const std::string message = name_ + " (" + uuid_ + "): " + failure.why;
  switch (failure.status) {
    case kReeveCudaCancelled: return {ErrorCode::kTimeout, "the tile was cancelled", ""};
    case kReeveCudaOutOfMemory:
      return {ErrorCode::kExhausted, message,
              "a card with more memory may have room, and every processor has"};
    case kReeveCudaInvalid: return {ErrorCode::kInvalid, message, ""};
    default:
      lost_ = message;
      return {ErrorCode::kIo, "the GPU was lost: " + message,
              "another agent, or a processor, gives the same bits"};
  }
}

Result<Bytes> Card::render(const std::shared_ptr<const kernels::PreparedFrame>& frame,
                           const kernels::RenderRequest& request, const std::function<bool()>& goes_on) {
  if (!lost_.empty()) return Error{ErrorCode::kIo, "the GPU was lost: " + lost_, ""};
  kernels::PluginFailure failure;
  if (frame_ != frame) {
    on_card_.reset();  // before the next takes its room
    frame_.reset();
    on_card_ = kernels::DeviceFrame::open(*library_, device_, *frame, failure);
    if (!on_card_) return error_of(failure);
    frame_ = frame;
  }
  Bytes pixels = on_card_->render_tile(
      request, [&goes_on](std::uint64_t, std::uint64_t) { return goes_on(); }, failure);
  if (failure.status != kReeveCudaOk) return error_of(failure);
  return pixels;
}

}  // namespace reeve::agent::worker
