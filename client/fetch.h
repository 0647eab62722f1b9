#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "client/frames.h"
#include "client/image/crops.h"
#include "client/output.h"
#include "openjd/step_script.h"
#include "protocol/messages.h"
#include "protocol/result.h"

namespace reeve::client {

/// How results become files.
struct FetchOptions {
  float exposure_stops = 0;
  bool exr = false;
};

struct FetchSummary {
  std::uint64_t tasks = 0;   // results that are on disk now
  std::uint64_t frames = 0;  // pictures that are complete
  std::uint64_t bytes = 0;
};

/// Where results come from: a region, or a script in tests.
struct ResultSource {
  std::function<Result<msg::ResultPage>(StepRef step, TaskIndex first)> page;
  std::function<Result<Bytes>(const Digest& digest, std::uint64_t size_bytes)> blob;
};

/// Makes the folder where it is missing. kIo: it cannot be made or written to, and why.
Result<void> make_output_folder(const std::filesystem::path& folder);

/// Writes the results of one job into a folder: frames as frame_0001.png, inline results of a step as lines
/// of STEP.ndjson, a program's files as themselves (in a folder a task, where a step has several; parts of a
/// frame put together), other results as STEP_task_N.bin. May be asked again and again while the job runs:
/// each result is fetched once.
class Fetcher {
 public:
  Fetcher(JobId job, std::filesystem::path folder, FetchOptions options, ResultSource source);
  ~Fetcher();

  /// Takes the steps of the region's /api/v1/jobs/ID. kCorrupt: a script that cannot be read.
  Result<void> learn_steps(const Json& job);
  /// Fetches what is new.
  Result<void> fetch_new();
  const FetchSummary& summary() const { return summary_; }

 private:
  struct StepState;

  Result<void> fetch_step(StepState& step);
  Result<void> take_row(StepState& step, const msg::ResultRow& row);
  Result<void> unpack(const StepState& step, TaskIndex task, ByteView bundle);
  static std::string task_folder(const StepState& step, TaskIndex task);
  Result<void> take_result(StepState& step, TaskIndex task, ByteView result, bool is_inline);

  JobId job_;
  std::filesystem::path folder_;
  FetchOptions options_;
  ResultSource source_;
  std::vector<std::unique_ptr<StepState>> steps_;
  CropJoiner crops_;  // of programs' pictures
  FetchSummary summary_;
};

}  // namespace reeve::client
