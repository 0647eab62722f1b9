#include <cstdio>
#include <iostream>

#include "benchmarks/throughput/programme.h"

namespace reeve::bench {
namespace {

using Json = nlohmann::json;

constexpr std::uint32_t kCredits[] = {256, 1024, 4096, 16384};
constexpr std::uint32_t kReports[] = {64, 256, 512, 2048};
/// Settings within this share of the best count as good; the smallest of them wastes least when an agent is
/// lost.
constexpr double kGood = 0.97;

struct Trial {
  std::uint32_t credit_tasks;
  std::uint32_t report_tasks;
  double tasks_per_s;
};

Result<double> try_out(Stage& stage, const Sizes& sizes, std::uint32_t credit, std::uint32_t report) {
  if (auto started = stage.start_swarm(credit, report); !started) return started.error();
  auto requester = Requester::connect(stage.requester_home());
  if (!requester) return requester.error();
  std::vector<double> rates;
  for (std::uint32_t i = 0; i < sizes.rounds; ++i) {
    const auto rate = run_array(stage, **requester, sizes.array_tasks, {}, true);
    if (!rate) return rate.error();
    rates.push_back(rate->tasks_per_s);
  }
  if (auto stopped = stage.stop_swarm(); !stopped) return stopped.error();
  return median(rates);
}

}  // namespace

Result<Json> tune(const StageOptions& options, const Sizes& sizes) {
  auto stage = Stage::make(options);
  if (!stage) return stage.error();
  std::vector<Trial> trials;
  std::printf("%8s %8s %12s\n", "credit", "report", "tasks/s");
  for (const std::uint32_t credit : kCredits) {
    for (const std::uint32_t report : kReports) {
      if (report > credit) continue;
      const auto rate = try_out(**stage, sizes, credit, report);
      if (!rate) return rate.error();
      trials.push_back({credit, report, *rate});
      std::printf("%8u %8u %12.0f\n", credit, report, *rate);
      std::fflush(stdout);
    }
  }
  double best = 0;
  for (const Trial& trial : trials)
    best = std::max(best, trial.tasks_per_s);
  const auto chosen = std::find_if(trials.begin(), trials.end(),
                                   [best](const Trial& trial) { return trial.tasks_per_s >= kGood * best; });
  std::printf(
      "\nin agent.toml:\ncredit_tasks = %u\nreport_tasks = %u\n%.0f tasks/s; the best of all gave %.0f. Less "
      "credit is lost with an agent, smaller reports "
      "are heard sooner.\n",
      chosen->credit_tasks, chosen->report_tasks, chosen->tasks_per_s, best);
  Json rows = Json::array();
  for (const Trial& trial : trials)
    rows.push_back({{"credit_tasks", trial.credit_tasks},
                    {"report_tasks", trial.report_tasks},
                    {"tasks_per_s", trial.tasks_per_s}});
  return Json{
      {"trials", rows}, {"credit_tasks", chosen->credit_tasks}, {"report_tasks", chosen->report_tasks}};
}

}  // namespace reeve::bench
