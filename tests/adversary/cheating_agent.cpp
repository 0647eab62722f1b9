// An agent that lies: it paints over one leaf of every render result, makes the pictures of a program's
// result darker, changes the last byte of a program's result without pictures and one entry of each gradient,
// before that is hashed, so that its roots, its openings and its uploads all agree with each other and differ
// from the truth alone.
//
//   reeve-cheating-agent --home DIR [--keep DIR]     DIR has joined a region with `reeve agent join`

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "agent/shell/agent.h"
#include "tests/adversary/darken.h"

namespace reeve::adversary {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeafSidePixels = 8;
constexpr std::size_t kPixelBytes = 3 * sizeof(float);
constexpr std::size_t kLeafBytes = kLeafSidePixels * kLeafSidePixels * kPixelBytes;
constexpr std::array<float, 3> kPaint{8.0F, 0.1F, 0.1F};  // linear radiance

/// Draws both diagonals of a leaf past the middle of a tile's result.
void paint_leaf(std::span<std::uint8_t> result) {
  const std::size_t leaves = result.size() / kLeafBytes;
  if (leaves == 0) return;
  std::uint8_t* const leaf = result.data() + leaves * 11 / 20 * kLeafBytes;
  for (std::size_t row = 0; row < kLeafSidePixels; ++row)
    for (const std::size_t column : {row, kLeafSidePixels - 1 - row})
      std::memcpy(leaf + (row * kLeafSidePixels + column) * kPixelBytes, kPaint.data(), kPixelBytes);
}

/// Stands between the workers and the hashes.
class CheatingRunner final : public agent::Runner {
 public:
  CheatingRunner(std::unique_ptr<agent::Runner> honest, fs::path keep)
      : honest_(std::move(honest)), keep_(std::move(keep)) {}

  void run(const agent::RunBatch& work) override { honest_->run(work); }
  void run_leaves(const agent::RunLeaves& work) override { honest_->run_leaves(work); }
  void compare(const agent::RunComparison& work) override { honest_->compare(work); }
  void cancel(const agent::CancelBatch& work) override { honest_->cancel(work); }
  int fd() const override { return honest_->fd(); }

  std::vector<agent::TaskText> take_texts() override { return honest_->take_texts(); }

  std::vector<agent::RunnerEvent> pump() override {
    std::vector<agent::RunnerEvent> events = honest_->pump();
    for (agent::RunnerEvent& event : events)
      if (auto* output = std::get_if<agent::TaskOutput>(&event)) falsify(*output);
    return events;
  }

 private:
  void falsify(agent::TaskOutput& output) const {
    if (is_program(output.step->kernel)) return spoil(output);
    if (output.step->kernel.name == "train") return change_one_entry(output);
    if (output.step->leaf_bytes != kLeafBytes) return;
    std::size_t offset = 0;
    for (std::size_t i = 0; i < output.sizes.size(); ++i) {
      const std::span<std::uint8_t> result(output.payload.data() + offset, output.sizes[i]);
      paint_leaf(result);
      keep(output.step->step, output.tasks.first + static_cast<TaskIndex>(i), result);
      offset += output.sizes[i];
    }
  }

  /// One bit of one number of each gradient and state.
  static void change_one_entry(agent::TaskOutput& output) {
    std::size_t begin = 0;
    for (const std::uint32_t size : output.sizes) {
      if (size > 0) output.payload[begin + size * std::size_t{3} / 4] ^= 1U;
      begin += size;
    }
  }

  static void spoil(agent::TaskOutput& output) {
    Bytes lies;
    std::size_t begin = 0;
    for (std::uint32_t& size : output.sizes) {
      const Bytes lie = lie_about(ByteView(output.payload).subspan(begin, size));
      begin += size;
      size = static_cast<std::uint32_t>(lie.size());
      lies.insert(lies.end(), lie.begin(), lie.end());
    }
    output.payload = std::move(lies);
  }

  /// The last byte of a bundle is one of its last file's.
  static Bytes lie_about(ByteView bundle) {
    if (auto darker = darken_pictures(bundle)) return std::move(*darker);
    Bytes spoilt(bundle.begin(), bundle.end());
    if (!spoilt.empty()) spoilt.back() ^= 1U;
    return spoilt;
  }

  /// Leaves what was handed in for whoever wants to look at it: DIR/JOB-STEP-TASK.result
  void keep(const StepRef& step, TaskIndex task, std::span<const std::uint8_t> result) const {
    if (keep_.empty()) return;
    const std::string name = std::to_string(step.job.value()) + "-" + std::to_string(step.step) + "-" +
                             std::to_string(task) + ".result";
    std::ofstream file(keep_ / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(result.data()), static_cast<std::streamsize>(result.size()));
    if (!file.flush()) std::fprintf(stderr, "cannot write %s\n", (keep_ / name).c_str());
  }

  std::unique_ptr<agent::Runner> honest_;
  fs::path keep_;
};

}  // namespace
}  // namespace reeve::adversary

int main(int argc, char** argv) {
  using namespace reeve;
  static_assert(std::endian::native == std::endian::little, "results are little-endian floats");
  CLI::App app{"Runs an agent that hands in wrong pictures. A test program: it shows that a region notices."};
  agent::AgentConfig config;
  std::filesystem::path keep;
  app.add_option("--home", config.home, "the agent's folder, joined to a region")->required();
  app.add_option("--keep", keep, "an existing folder that receives a copy of each false result")
      ->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, argc, argv);
  return agent::run_agent(config, [&keep](std::unique_ptr<agent::Runner> honest) {
    return std::make_unique<adversary::CheatingRunner>(std::move(honest), keep);
  });
}
