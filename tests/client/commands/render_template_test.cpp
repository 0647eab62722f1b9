#include "client/render_template.h"

#include <gtest/gtest.h>

#include "client/job_builder.h"
#include "client/kernels_table.h"
#include "openjd/task.h"

namespace reeve::client {
namespace {

RenderRequest request() {
  RenderRequest request;
  request.name = "yard: \"evening\"";
  request.frames = "1-3";
  request.size = {64, 40};
  request.samples = 4;
  return request;
}

/// The job of a request, its scene a blob that is there already.
BuiltJob built(const RenderRequest& wanted) {
  const auto text = render_template(wanted);
  EXPECT_TRUE(text.ok());
  SubmitOptions options;
  options.parameters["Scene"] = "sha256:" + std::string(64, 'b');
  auto job = build_job(*text, {}, options);
  EXPECT_TRUE(job.ok()) << (job.ok() ? "" : job.error().message);
  return job.ok() ? *job : BuiltJob{};
}

TEST(RenderTemplate, IsATaskForEachFrame) {
  const BuiltJob job = built(request());
  ASSERT_EQ(job.spec.steps.size(), 1U);
  EXPECT_EQ(job.spec.name, "yard: \"evening\"");
  EXPECT_EQ(job.spec.steps[0].task_count, 3U);
  EXPECT_EQ(job.spec.steps[0].work_per_task, 64U * 40 * 4);
  EXPECT_EQ(job.spec.steps[0].inputs.size(), 1U);
}

TEST(RenderTemplate, TilesMakeATaskEachAndFollowTheirFrame) {
  RenderRequest wanted = request();
  wanted.tiles = {2, 2};
  const BuiltJob job = built(wanted);
  EXPECT_EQ(job.spec.steps[0].task_count, 12U);
  const auto script = openjd::decode_step(job.spec.steps[0].script);
  ASSERT_TRUE(script.ok());
  for (std::uint32_t index = 0; index < 12; ++index) {
    const auto task = openjd::resolve_task(*script, index);
    const auto place = render_task(task.line.command, task.line.args);
    ASSERT_TRUE(place.ok());
    EXPECT_EQ(place->frame, 1 + index / 4);
    EXPECT_EQ(place->tile, index % 4);
  }
}

TEST(RenderTemplate, TilesThatDoNotFitAreRefusedBeforeAnythingIsRead) {
  RenderRequest wanted = request();
  wanted.tiles = {9, 1};
  EXPECT_FALSE(render_template(wanted).ok());
}

}  // namespace
}  // namespace reeve::client
