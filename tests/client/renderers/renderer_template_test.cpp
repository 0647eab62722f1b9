#include "client/renderers/renderer_template.h"

#include <gtest/gtest.h>

#include <fstream>

#include "client/job_builder.h"
#include "openjd/task.h"

namespace reeve::client {
namespace {

RendererRequest request(Renderer renderer, const std::string& frames) {
  RendererRequest request;
  request.renderer = renderer;
  request.name = "mill: \"evening\"";
  request.scene = "sub/mill.blend";
  request.frames = frames;
  return request;
}

/// A folder that stands for a project.
class RendererTemplate : public testing::Test {
 protected:
  RendererTemplate() {
    std::string name = testing::TempDir() + "reeve_renderer_XXXXXX";
    root_ = mkdtemp(name.data());
    std::ofstream(root_ / "scene") << "scene";
  }
  ~RendererTemplate() override { std::filesystem::remove_all(root_); }

  BuiltJob built(const RendererRequest& wanted) const {
    const auto text = renderer_template(wanted);
    EXPECT_TRUE(text.ok()) << text.error().message;
    SubmitOptions options;
    options.parameters["Project"] = root_.string();
    options.compare = "pixels";
    auto job = build_job(*text, {}, options);
    EXPECT_TRUE(job.ok()) << job.error().message;
    return job.ok() ? *job : BuiltJob{};
  }

  std::filesystem::path root_;
};

/// The values of one parameter over a step's tasks.
std::vector<std::string> values_of(const StepSpec& step, std::size_t parameter) {
  const auto script = openjd::decode_step(step.script);
  std::vector<std::string> values;
  for (std::uint64_t task = 0; task < script->space.size(); ++task)
    values.push_back(script->space.at(task).at(parameter));
  return values;
}

std::vector<std::string> arguments_of(const StepSpec& step, std::uint64_t task) {
  return openjd::resolve_task(*openjd::decode_step(step.script), task).line.args;
}

using Texts = std::vector<std::string>;

TEST_F(RendererTemplate, TheFirstTheMiddleAndTheLastFrameAreAStepBeforeTheOthers) {
  for (const Renderer renderer : {Renderer::kBlender, Renderer::kPovray}) {
    const BuiltJob job = built(request(renderer, "1-9"));
    ASSERT_EQ(job.spec.steps.size(), 2U);
    EXPECT_EQ(job.spec.name, "mill: \"evening\"");
    EXPECT_EQ(job.spec.steps[0].name, "preview");
    EXPECT_EQ(values_of(job.spec.steps[0], 0), (Texts{"1-1", "5-5", "9-9"}));
    EXPECT_EQ(values_of(job.spec.steps[1], 0), (Texts{"2-2", "3-3", "4-4", "6-6", "7-7", "8-8"}));
    EXPECT_EQ(job.spec.steps[1].compare, "pixels");
    EXPECT_TRUE(job.spec.steps[1].depends_on.empty()) << "nobody waits for a preview";
  }
}

TEST_F(RendererTemplate, FewFramesOrNoPreviewMakeOneStep) {
  for (const char* frames : {"7", "1-2", "10-30:10"})
    EXPECT_EQ(built(request(Renderer::kBlender, frames)).spec.steps.size(), 1U) << frames;
  RendererRequest wanted = request(Renderer::kBlender, "1-9");
  wanted.preview = false;
  const BuiltJob job = built(wanted);
  ASSERT_EQ(job.spec.steps.size(), 1U);
  EXPECT_EQ(job.spec.steps[0].task_count, 9U);
}

TEST_F(RendererTemplate, EveryFrameIsRenderedOnceHoweverItIsCounted) {
  for (const char* frames : {"1-4", "1-5", "1-100:7", "3,9,10,11,40", "-3-3"}) {
    const BuiltJob job = built(request(Renderer::kPovray, frames));
    Texts rendered = values_of(job.spec.steps[0], 0);
    for (const std::string& chunk : values_of(job.spec.steps[1], 0))
      rendered.push_back(chunk);
    const auto range = openjd::RangeExpr::parse(frames);
    Texts wanted;
    for (std::uint64_t i = 0; i < range->size(); ++i)
      wanted.push_back(std::to_string(range->at(i)) + "-" + std::to_string(range->at(i)));
    std::sort(rendered.begin(), rendered.end());
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(rendered, wanted) << frames;
  }
}

TEST_F(RendererTemplate, AChunkIsFramesThatFollowOneAnother) {
  RendererRequest wanted = request(Renderer::kBlender, "1-24");
  wanted.chunk = 6;
  EXPECT_EQ(values_of(built(wanted).spec.steps[1], 0), (Texts{"2-7", "8-12", "14-18", "19-23"}));
}

TEST_F(RendererTemplate, PartsOfAFrameAreATaskEach) {
  RendererRequest wanted = request(Renderer::kBlender, "1");
  wanted.crops = {3, 2};
  wanted.size = {101, 57};
  const BuiltJob job = built(wanted);
  ASSERT_EQ(job.spec.steps[0].task_count, 6U);
  EXPECT_EQ(values_of(job.spec.steps[0], 1), (Texts{"0", "1", "2", "3", "4", "5"}));
  const Texts arguments = arguments_of(job.spec.steps[0], 4);
  const Texts last(arguments.end() - 9, arguments.end());
  EXPECT_EQ(last, (Texts{"1-1", "101", "57", "0", "any", "3", "2", "4", "/session/outputs/Output"}));
}

TEST_F(RendererTemplate, JobsGoToAgentsThatHaveTheRendererAndTheDevice) {
  RendererRequest wanted = request(Renderer::kBlender, "1");
  EXPECT_EQ(built(wanted).spec.steps[0].need.tags, (Texts{"blender", "cycles-any"}));
  EXPECT_EQ(built(wanted).spec.steps[0].need.gpus, 0U);
  wanted.device = "gpu";
  EXPECT_EQ(built(wanted).spec.steps[0].need.tags, (Texts{"blender", "cycles-gpu"}));
  EXPECT_EQ(built(wanted).spec.steps[0].need.gpus, 1U);
  wanted.frames = "1-9";
  EXPECT_EQ(built(wanted).spec.steps[0].need, built(wanted).spec.steps[1].need);
  EXPECT_EQ(built(request(Renderer::kPovray, "1")).spec.steps[0].need.tags, (Texts{"povray"}));
}

TEST_F(RendererTemplate, PovRaysClockRunsOverTheFramesOrOverWhatIsSaid) {
  RendererRequest wanted = request(Renderer::kPovray, "5-8");
  const auto clock = [&] {
    const Texts arguments = arguments_of(built(wanted).spec.steps[0], 0);
    return Texts(arguments.end() - 2, arguments.end());
  };
  EXPECT_EQ(clock(), (Texts{"5", "8"}));
  wanted.clock_frames = "1-24";
  EXPECT_EQ(clock(), (Texts{"1", "24"}));
}

TEST_F(RendererTemplate, AFilmIsMadeByAnAgentThatHasFfmpeg) {
  std::ofstream(root_ / "frame_0001.png") << "png";
  SubmitOptions options;
  options.parameters["Frames"] = root_.string();
  options.picked["Frames"] = {"frame_0001.png"};
  const auto job = build_job(film_template("mill: \"evening\"", 12.5), {}, options);
  ASSERT_TRUE(job.ok()) << job.error().message;
  const StepSpec& step = job->spec.steps.at(0);
  EXPECT_EQ(step.need.tags, (Texts{"ffmpeg"}));
  EXPECT_EQ(job->inputs.size(), 1U) << "the frames, and not what lies beside them";
  const Texts arguments = arguments_of(step, 0);
  EXPECT_NE(std::find(arguments.begin(), arguments.end(), "12.500000"), arguments.end());
  EXPECT_EQ(arguments.back(), "/session/outputs/Film/video.mp4");
}

TEST_F(RendererTemplate, WhatCannotBeIsRefusedByName) {
  RendererRequest wanted = request(Renderer::kBlender, "nine");
  EXPECT_NE(renderer_template(wanted).error().message.find("frames 'nine'"), std::string::npos);
  wanted.frames = "1";
  wanted.crops = {100, 100};
  EXPECT_NE(renderer_template(wanted).error().message.find("100x100"), std::string::npos);
  wanted.crops = {3, 2};
  wanted.size = {2, 2};
  EXPECT_NE(renderer_template(wanted).error().message.find("fewer pixels"), std::string::npos);
  wanted = request(Renderer::kPovray, "1");
  wanted.clock_frames = "x";
  EXPECT_NE(renderer_template(wanted).error().message.find("clock frames 'x'"), std::string::npos);
}

}  // namespace
}  // namespace reeve::client
