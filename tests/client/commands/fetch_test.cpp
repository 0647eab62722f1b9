#include "client/fetch.h"

#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "client/command_job.h"
#include "client/image/assemble.h"
#include "client/image/png_file.h"
#include "client/job_builder.h"
#include "client/render_template.h"
#include "protocol/bundle.h"
#include "protocol/digest.h"

namespace reeve::client {
namespace {

std::string base64(ByteView bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.resize(text.size() - 1);
  return text;
}

/// A job as the region's JSON has it.
Json job_json(const JobSpec& spec) {
  Json steps = Json::array();
  for (std::size_t i = 0; i < spec.steps.size(); ++i)
    steps.push_back({{"index", i}, {"name", spec.steps[i].name}, {"script", base64(spec.steps[i].script)}});
  return {{"id", 1}, {"steps", steps}};
}

class FetchFolder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("reeve_fetch_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }

  std::filesystem::path folder_;
};

JobSpec hashes(int tasks) {
  const auto job = build_job(
      "specificationVersion: jobtemplate-2023-09\nname: j\nsteps:\n  - name: hash\n"
      "    parameterSpace: {taskParameterDefinitions: [{name: I, type: INT, range: '1-" +
          std::to_string(tasks) + "'}]}\n    script: {actions: {onRun: {command: 'reeve:sha256'}}}\n",
      {}, {});
  EXPECT_TRUE(job.ok());
  return job->spec;
}

TEST_F(FetchFolder, InlineResultsBecomeLinesAndAreFetchedOnce) {
  std::uint32_t ready = 2;
  std::uint32_t asked_from = 99;
  ResultSource source;
  source.page = [&](StepRef, TaskIndex first) -> Result<msg::ResultPage> {
    asked_from = first;
    msg::ResultPage page;
    msg::ResultRow row;
    row.tasks = {first, ready - first};
    for (std::uint32_t task = first; task < ready; ++task) {
      row.sizes.push_back(1);
      row.payload.push_back(static_cast<std::uint8_t>(task));
    }
    if (row.tasks.count > 0) page.rows.push_back(row);
    page.next = ready;
    return page;
  };
  Fetcher fetcher(JobId(1), folder_, {}, source);
  ASSERT_TRUE(fetcher.learn_steps(job_json(hashes(3))).ok());
  ASSERT_TRUE(fetcher.fetch_new().ok());
  EXPECT_EQ(fetcher.summary().tasks, 2U);
  ready = 3;
  ASSERT_TRUE(fetcher.fetch_new().ok());
  EXPECT_EQ(asked_from, 2U);
  EXPECT_EQ(read("hash.ndjson"),
            "{\"parameters\":\"I=1\",\"result\":\"00\",\"task\":0}\n"
            "{\"parameters\":\"I=2\",\"result\":\"01\",\"task\":1}\n"
            "{\"parameters\":\"I=3\",\"result\":\"02\",\"task\":2}\n");
}

TEST_F(FetchFolder, PagesThatContradictThemselvesAreRefused) {
  const auto refused = [&](const msg::ResultRow& row) {
    ResultSource source;
    source.page = [row](StepRef, TaskIndex) -> Result<msg::ResultPage> {
      return msg::ResultPage{{row}, 3, false};
    };
    Fetcher fetcher(JobId(1), folder_, {}, source);
    EXPECT_TRUE(fetcher.learn_steps(job_json(hashes(3))).ok());
    return !fetcher.fetch_new().ok();
  };
  EXPECT_TRUE(refused({{0, 2}, {1}, {7}, {}, {}}));        // two tasks, one size
  EXPECT_TRUE(refused({{0, 1}, {5}, {7}, {}, {}}));        // longer than its payload
  EXPECT_TRUE(refused({{2, 2}, {1, 1}, {7, 7}, {}, {}}));  // past the step
  EXPECT_TRUE(refused({{0, 1}, {}, {}, {Digest{}}, {}}));  // a blob without its size
  EXPECT_FALSE(refused({{0, 1}, {1}, {7}, {}, {}}));
}

TEST_F(FetchFolder, TilesBecomeWholeFramesInTheirOrder) {
  RenderRequest request;
  request.name = "two";
  request.frames = "7-8";
  request.size = {16, 8};
  request.tiles = {2, 1};
  request.samples = 1;
  SubmitOptions options;
  options.parameters["Scene"] = "sha256:" + std::string(64, 'c');
  const auto job = build_job(*render_template(request), {}, options);
  ASSERT_TRUE(job.ok());
  const Bytes tile(tile_result_bytes(8, 8));
  std::vector<TaskIndex> ready{0, 3};
  ResultSource source;
  source.page = [&](StepRef, TaskIndex first) -> Result<msg::ResultPage> {
    msg::ResultPage page;
    for (const TaskIndex task : ready) {
      if (task >= first) page.rows.push_back({{task, 1}, {}, {}, {sha256(tile)}, {tile.size()}});
    }
    return page;
  };
  source.blob = [&](const Digest&, std::uint64_t) -> Result<Bytes> { return tile; };
  Fetcher fetcher(JobId(1), folder_, {}, source);
  ASSERT_TRUE(fetcher.learn_steps(job_json(job->spec)).ok());
  ASSERT_TRUE(fetcher.fetch_new().ok());
  EXPECT_EQ(fetcher.summary().frames, 0U);
  ready.push_back(2);
  ASSERT_TRUE(fetcher.fetch_new().ok());
  EXPECT_EQ(fetcher.summary().frames, 1U);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "frame_0007.png"));
  const auto picture = read_png(folder_ / "frame_0008.png");
  ASSERT_TRUE(picture.ok());
  EXPECT_EQ(picture->width, 16U);
  EXPECT_EQ(picture->height, 8U);
}

/// A bundle of texts by path.
Bytes bundle(const std::map<std::string, std::string>& files) {
  std::vector<BundleFile> index;
  for (const auto& [path, text] : files)
    index.push_back({path, path.ends_with(".sh"), text.size()});
  Bytes bytes = *encode_bundle_index(index);
  for (const auto& [path, text] : files)
    bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

/// A source that has one inline result for each task.
ResultSource results_of(const std::vector<Bytes>& results) {
  ResultSource source;
  source.page = [results](StepRef, TaskIndex first) -> Result<msg::ResultPage> {
    msg::ResultPage page;
    if (first > 0) return page;
    msg::ResultRow row;
    row.tasks = {0, static_cast<std::uint32_t>(results.size())};
    for (const Bytes& result : results) {
      row.sizes.push_back(static_cast<std::uint32_t>(result.size()));
      row.payload.insert(row.payload.end(), result.begin(), result.end());
    }
    page.rows.push_back(row);
    page.next = row.tasks.count;
    return page;
  };
  return source;
}

TEST_F(FetchFolder, FilesOfAProgramsOnlyTaskStandInTheFolderItself) {
  CommandRequest request;
  request.words = {"make"};
  Fetcher fetcher(
      JobId(1), folder_, {},
      results_of({bundle({{"log.txt", "built"}, {"outputs/Film/a/1.png", "p"}, {"run.sh", "#!"}})}));
  ASSERT_TRUE(fetcher.learn_steps(job_json(build_command_job(request, {})->spec)).ok());
  ASSERT_TRUE(fetcher.fetch_new().ok());
  EXPECT_EQ(read("log.txt"), "built");
  EXPECT_EQ(read("a/1.png"), "p") << "an output parameter's folder is the folder";
  EXPECT_EQ(access((folder_ / "run.sh").c_str(), X_OK), 0);
  EXPECT_NE(access((folder_ / "log.txt").c_str(), X_OK), 0);
}

TEST_F(FetchFolder, TasksOfAnArrayHaveAFolderEachByTheirNumber) {
  CommandRequest request;
  request.words = {"hostname"};
  request.array = "5,9";
  Fetcher fetcher(JobId(1), folder_, {},
                  results_of({bundle({{"stdout", "five"}}), bundle({{"stdout", "nine"}})}));
  ASSERT_TRUE(fetcher.learn_steps(job_json(build_command_job(request, {})->spec)).ok());
  ASSERT_TRUE(fetcher.fetch_new().ok());
  EXPECT_EQ(read("task_5/stdout"), "five");
  EXPECT_EQ(read("task_9/stdout"), "nine");
}

TEST_F(FetchFolder, ACommandThatOnlyItsHostCanResolveIsFetchedAsWell) {
  const auto job = build_job(
      "specificationVersion: jobtemplate-2023-09\nname: j\nsteps:\n  - name: run\n    script:\n"
      "      actions: {onRun: {command: '{{Task.File.Run}}', args: ['{{Session.WorkingDirectory}}']}}\n"
      "      embeddedFiles: [{name: Run, type: TEXT, runnable: true, data: 'true'}]\n",
      {}, {});
  ASSERT_TRUE(job.ok()) << job.error().message;
  Fetcher fetcher(JobId(1), folder_, {}, results_of({bundle({{"stdout", "ran"}})}));
  ASSERT_TRUE(fetcher.learn_steps(job_json(job->spec)).ok());
  ASSERT_TRUE(fetcher.fetch_new().ok());
  EXPECT_EQ(read("stdout"), "ran");
}

TEST_F(FetchFolder, AProgramsResultThatIsNoBundleIsRefused) {
  CommandRequest request;
  request.words = {"hostname"};
  for (const Bytes& result : {Bytes{}, Bytes{'x'}, Bytes(100, 0)}) {
    Fetcher fetcher(JobId(1), folder_, {}, results_of({result}));
    ASSERT_TRUE(fetcher.learn_steps(job_json(build_command_job(request, {})->spec)).ok());
    const auto fetched = fetcher.fetch_new();
    ASSERT_FALSE(fetched.ok());
    EXPECT_EQ(fetched.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(FetchFolder, StepNamesCannotLeaveTheFolder) {
  JobSpec spec = hashes(1);
  spec.steps[0].name = "../../evil";
  ResultSource source;
  source.page = [](StepRef, TaskIndex) -> Result<msg::ResultPage> {
    return msg::ResultPage{{{{0, 1}, {1}, {7}, {}, {}}}, 1, false};
  };
  Fetcher fetcher(JobId(1), folder_, {}, source);
  ASSERT_TRUE(fetcher.learn_steps(job_json(spec)).ok());
  ASSERT_TRUE(fetcher.fetch_new().ok());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "_.._.._evil.ndjson"));
}

}  // namespace
}  // namespace reeve::client
