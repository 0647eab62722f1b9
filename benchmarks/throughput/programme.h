#pragma once

#include <nlohmann/json.hpp>

#include "benchmarks/throughput/measure.h"

/// What `reeve bench` measures, in which order, and how it is told.
namespace reeve::bench {

struct Sizes {
  std::uint32_t rounds = 3;  // region and floor in turn; medians are told
  std::uint32_t array_tasks = 1'000'000;
  std::uint32_t single_jobs = 50'000;
  std::uint32_t single_window = 32'768;  // under way at once
  std::uint32_t one_by_one = 500;
  std::uint32_t queued_tasks = 10'000'000;  // 0: the queue's memory is not measured
};

/// The region with and without its transparent log, in turn.
Result<nlohmann::json> measure_log(const StageOptions& options, const Sizes& sizes);
/// What people read of it: medians, and what the log costs of them.
std::string log_table(const nlohmann::json& figures);
/// The floor alone.
Result<nlohmann::json> measure_floor(const StageOptions& options, const Sizes& sizes);
/// Region and floor in turn, then the memory of a long queue.
Result<nlohmann::json> measure_region(const StageOptions& options, const Sizes& sizes);
/// Sweeps credit and size of reports; says what to write into agent.toml.
Result<nlohmann::json> tune(const StageOptions& options, const Sizes& sizes);

/// What people read of the above.
std::string table_of(const nlohmann::json& figures);

}  // namespace reeve::bench
