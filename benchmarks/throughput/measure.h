#pragma once

#include <vector>

#include "benchmarks/throughput/requester.h"
#include "benchmarks/throughput/stage.h"

namespace reeve::bench {

/// What one run of some tasks gave, from the first submission to the last result that was acknowledged after
/// its commit.
struct Rate {
  double tasks_per_s = 0;
  double server_cpu_us = 0;     // of the region's process, per task
  double view_lag_s = 0;        // until queries knew of the last result; 0 where it was not counted
  double commits_per_1000 = 0;  // tasks; 0 where it was not counted
  double spent_per_task = 0;    // micro-credits; 0 where it was not counted
};

/// Nearest-rank percentiles of one submission at a time on an idle region: submit, run, verify, settle,
/// commit, result.
struct Latency {
  double p50_us = 0;
  double p99_us = 0;
};

/// One array of `tasks`. `of_region`: a region, whose results are fetched and compared afterwards; else the
/// floor.
Result<Rate> run_array(Stage& stage, Requester& requester, std::uint32_t tasks, const VerifyPolicy& verify,
                       bool of_region);
/// `jobs` of one task each, up to `window` of them under way; every result is compared.
Result<Rate> run_singles(Stage& stage, Requester& requester, std::uint32_t jobs, std::uint32_t window,
                         bool of_region);
Result<Latency> run_one_by_one(Requester& requester, std::uint32_t jobs);
/// Private memory that a queued array adds to a region without agents, in bytes.
Result<std::uint64_t> queue_memory(Stage& stage, std::uint32_t tasks);

double median(std::vector<double> values);

}  // namespace reeve::bench
