#include <algorithm>
#include <cstdio>
#include <fstream>

#include "agent/worker/card.h"
#include "agent/worker/task_kernel.h"
#include "kernels/core/float_environment.h"
#include "kernels/render/render.h"
#include "protocol/digest.h"
#include "protocol/merkle.h"

namespace reeve::agent::worker {

/// The scene and the frame used last: tiles of one frame share both.
struct SceneShelf {
  Digest digest;
  std::unique_ptr<kernels::Scene> scene;
  std::shared_ptr<const kernels::PreparedFrame> frame;

  Result<void> load(const Digest& wanted, const std::string& path);
  Result<std::shared_ptr<const kernels::PreparedFrame>> prepare(std::uint32_t number);
};

WorkerContext::WorkerContext(unsigned slot_cpus, WorkerShare slot_share, Progress* shared_progress)
    : cpus(slot_cpus),
      share(std::move(slot_share)),
      progress(shared_progress),
      shelf(std::make_unique<SceneShelf>()) {}
WorkerContext::~WorkerContext() = default;

std::optional<Duration> WorkerContext::cancelled() const {
  if (!progress) return std::nullopt;
  const std::uint64_t which = progress->cancelled.load(std::memory_order_acquire);
  if (which != kEverything && (which == 0 || which != batch)) return std::nullopt;
  return milliseconds(static_cast<std::int64_t>(progress->within_ms.load(std::memory_order_acquire)));
}

Card* WorkerContext::card() {
  if (!sought_card) {
    std::string note;
    sought_card = Card::open(share.gpus, note);
    if (!note.empty()) std::fprintf(stderr, "built-in kernels run on processors: %s\n", note.c_str());
  }
  return sought_card->get();
}

namespace {

Error refusal(std::string message, std::string hint = "submit the job again with `reeve render`") {
  return {ErrorCode::kInvalid, std::move(message), std::move(hint)};
}

Result<Bytes> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamoff>(file.tellg());
  if (!file || size < 0) return Error{ErrorCode::kIo, "cannot read the scene at " + path, ""};
  Bytes bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), size))
    return Error{ErrorCode::kIo, "cannot read the scene at " + path, ""};
  return bytes;
}

/// Width of a tile: what divides the image evenly, rounded up to whole leaves, so that no leaf straddles two.
std::uint32_t tile_side(std::uint32_t side, std::uint32_t tiles) {
  const std::uint32_t even = (side + tiles - 1) / tiles;
  return (even + kernels::kLeafSide - 1) / kernels::kLeafSide * kernels::kLeafSide;
}

/// Reads `number` of `name` into `out`; remembers the first error.
class Fields {
 public:
  explicit Fields(const NamedArguments& args) : args_(args) {}
  std::uint64_t operator()(const char* name, std::uint64_t most) {
    const auto value = args_.number(name, most);
    if (value) return value.value();
    if (!error_) error_ = value.error();
    return 0;
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const NamedArguments& args_;
  std::optional<Error> error_;
};

struct RenderTask {
  Digest scene;
  kernels::RenderRequest request;
};

Result<RenderTask> read_task(const std::vector<std::string>& words) {
  const auto args = NamedArguments::read(words);
  if (!args) return args.error();
  RenderTask task;
  const auto scene = args.value().text("--scene");
  if (!scene) return scene.error();
  constexpr std::string_view kPrefix = "sha256:";
  if (!scene.value().starts_with(kPrefix) ||
      !from_hex(std::string_view(scene.value()).substr(kPrefix.size()), task.scene.bytes))
    return refusal("argument '--scene' is '" + scene.value() +
                   "'; it must be sha256: and 64 hexadecimal digits");
  Fields field(args.value());
  kernels::RenderRequest& request = task.request;
  const auto narrow = [&field](const char* name, std::uint64_t most) {
    return static_cast<std::uint32_t>(field(name, most));
  };
  request.image_width = narrow("--width", kernels::kMaxImageSide);
  request.image_height = narrow("--height", kernels::kMaxImageSide);
  request.samples = narrow("--samples", kernels::kMaxRequestSamples);
  request.max_depth = narrow("--max-depth", kernels::kMaxDepth);
  request.seed = field("--seed", UINT64_MAX);
  request.frame = narrow("--frame", UINT32_MAX);
  const std::uint32_t tiles_x = std::max(narrow("--tiles-x", kernels::kMaxImageSide), 1U);
  const std::uint32_t tiles_y = std::max(narrow("--tiles-y", kernels::kMaxImageSide), 1U);
  const std::uint32_t tile = narrow("--tile", std::uint64_t{tiles_x} * tiles_y - 1);
  if (field.error()) return *field.error();
  const std::uint32_t width = tile_side(request.image_width, tiles_x);
  const std::uint32_t height = tile_side(request.image_height, tiles_y);
  request.tile_x = tile % tiles_x * width;
  request.tile_y = tile / tiles_x * height;
  if (request.tile_x >= request.image_width || request.tile_y >= request.image_height) {
    request.tile_width = 0;  // rounding to leaves left nothing for this tile
    return task;
  }
  request.tile_width = std::min(width, request.image_width - request.tile_x);
  request.tile_height = std::min(height, request.image_height - request.tile_y);
  std::string error;
  if (!kernels::check_request(request, error)) return refusal(error);
  return task;
}

class RenderKernel final : public TaskKernel {
 public:
  RenderKernel(const StepDocument& document, openjd::StepScript script, WorkerContext& context)
      : TaskKernel(document.leaf_bytes),
        inputs_(document.inputs),
        script_(std::move(script)),
        context_(context) {}

  Result<void> run(TaskIndex index, Bytes& out) override {
    const auto task = read(index);
    if (!task) return task.error();
    if (task.value().request.tile_width == 0) return {};
    const auto frame = context_.shelf->prepare(task.value().request.frame);
    if (!frame) return frame.error();
    const auto pixels = render(frame.value(), task.value().request);
    if (!pixels) return pixels.error();
    out.insert(out.end(), pixels.value().begin(), pixels.value().end());
    return {};
  }

  msg::FailureReason reason_of(const Error& error) const override {
    return error.code == ErrorCode::kIo ? msg::FailureReason::kCrashed : failure_reason(error);
  }

  Result<std::vector<Digest>> leaves(TaskIndex index, const std::vector<std::uint32_t>& wanted) override {
    const auto task = read(index);
    if (!task) return task.error();
    const kernels::RenderRequest& request = task.value().request;
    if (request.tile_width == 0) return TaskKernel::leaves(index, wanted);
    const auto frame = context_.shelf->prepare(request.frame);
    if (!frame) return frame.error();
    std::vector<Digest> hashes;
    for (const std::uint32_t leaf : wanted) {
      const bool there = leaf < kernels::leaf_count(request);
      hashes.push_back(there ? leaf_hash(kernels::render_leaf(*frame.value(), request, leaf)) : Digest{});
    }
    return hashes;
  }

 private:
  Result<Bytes> render(const std::shared_ptr<const kernels::PreparedFrame>& frame,
                       const kernels::RenderRequest& request) {
    if (Card* card = context_.card())
      return card->render(frame, request, [this] { return !context_.cancelled(); });
    kernels::RenderOptions options;
    options.threads = context_.cpus;
    return kernels::render_tile(*frame, request, options);
  }

  Result<RenderTask> read(TaskIndex index) {
    if (const auto known = check_task(script_, index); !known) return known.error();
    openjd::resolve_task_into(script_, index, {}, resolved_);
    auto task = read_task(resolved_.line.args);
    if (!task) return task;
    const auto input = std::find_if(inputs_.begin(), inputs_.end(), [&task](const auto& candidate) {
      return candidate.first == task.value().scene;
    });
    if (input == inputs_.end())
      return refusal("the scene sha256:" + to_hex(task.value().scene) + " is no input of its step");
    if (const auto loaded = context_.shelf->load(input->first, input->second); !loaded) return loaded.error();
    return task;
  }

  std::vector<std::pair<Digest, std::string>> inputs_;
  openjd::StepScript script_;
  openjd::ResolvedTask resolved_;
  WorkerContext& context_;
};

}  // namespace

Result<void> SceneShelf::load(const Digest& wanted, const std::string& path) {
  if (scene && digest == wanted) return {};
  const auto bytes = read_file(path);
  if (!bytes) return bytes.error();
  scene.reset();
  frame.reset();
  auto fresh = std::make_unique<kernels::Scene>();
  std::string error;
  if (!kernels::decode_scene(bytes.value(), *fresh, error)) return refusal("the scene is damaged: " + error);
  scene = std::move(fresh);
  digest = wanted;
  return {};
}

Result<std::shared_ptr<const kernels::PreparedFrame>> SceneShelf::prepare(std::uint32_t number) {
  if (!frame || frame->frame() != number) {
    std::string error;
    frame.reset();
    frame = kernels::PreparedFrame::prepare(*scene, number, error);
    if (!frame) return refusal(error);
  }
  return frame;
}

Result<std::unique_ptr<TaskKernel>> bind_render(const StepDocument& document, openjd::StepScript script,
                                                WorkerContext& context) {
  if (document.leaf_bytes != kernels::kRenderLeafBytes)
    return refusal("leaves of the render kernel have " + std::to_string(kernels::kRenderLeafBytes) +
                   " bytes, not " + std::to_string(document.leaf_bytes));
  return std::unique_ptr<TaskKernel>(new RenderKernel(document, std::move(script), context));
}

}  // namespace reeve::agent::worker
