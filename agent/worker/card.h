#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/worker/task_kernel.h"
#include "kernels/cuda/plugin_library.h"

namespace reeve::agent::worker {

/// The GPU on which a worker runs built-in kernels: the first of its slot's that the plug-in finds. It gives
/// the same bits as the processors, so having none costs nothing but time.
class Card {
 public:
  /// gpus  of the slot
  /// note  where there is no card to use though the slot has some: why
  /// Null where there is none. The plug-in is libreeve_cuda.so beside this program, or what the environment
  /// variable REEVE_CUDA_PLUGIN names.
  static std::unique_ptr<Card> open(const std::vector<SlotGpu>& gpus, std::string& note);

  /// A tile, as kernels::render_tile gives it. The frame's copy on the card is kept for the next tile.
  /// Errors: kExhausted where the card's memory does not hold it, kTimeout where goes_on said no (it is asked
  /// at least every 200 ms), kIo where the card was lost.
  Result<Bytes> render(const std::shared_ptr<const kernels::PreparedFrame>& frame,
                       const kernels::RenderRequest& request, const std::function<bool()>& goes_on);

  /// What it died of; empty while it works. Nothing works on it any more, in this process.
  const std::string& lost() const { return lost_; }
  const std::string& uuid() const { return uuid_; }

 private:
  Card() = default;
  Error error_of(const kernels::PluginFailure& failure);

  std::unique_ptr<kernels::PluginLibrary> library_;
  std::uint32_t device_ = 0;
  std::string name_;
  std::string uuid_;
  std::string lost_;
  std::shared_ptr<const kernels::PreparedFrame> frame_;
  std::unique_ptr<kernels::DeviceFrame> on_card_;  // of frame_
};

}  // namespace reeve::agent::worker
