#include "benchmarks/throughput/programme.h"

#include <cstdio>
#include <functional>
#include <iostream>

namespace reeve::bench {
namespace {

using Json = nlohmann::json;

const VerifyPolicy kAdaptive{};
const VerifyPolicy kByTwo{VerifyMode::kQuorum, 2};

/// What one round gives, of a region or of the floor.
struct Round {
  Rate arrays;
  Rate arrays_by_two;
  Rate singles;
  Latency one_by_one;
  double attempt_price = 0;  // micro-credits
};

/// What goes on, for whoever waits.
void tell(bool of_region, const char* what) {
  std::cerr << (of_region ? "  region: " : "  floor: ") << what << "\n";
}

Result<Round> run_round(Stage& stage, const Sizes& sizes, bool of_region) {
  auto requester = Requester::connect(stage.requester_home());
  if (!requester) return requester.error();
  // Newcomers' first tasks all run twice, and agents learn how long tasks take.
  const auto warm = run_array(stage, **requester, 50'000, kByTwo, of_region);
  if (!warm) return warm.error();
  tell(of_region, "arrays, 2 % run twice");
  const auto arrays = run_array(stage, **requester, sizes.array_tasks, kAdaptive, of_region);
  if (!arrays) return arrays.error();
  tell(of_region, "arrays, by two owners");
  const auto by_two = run_array(stage, **requester, sizes.array_tasks, kByTwo, of_region);
  if (!by_two) return by_two.error();
  tell(of_region, "single submissions");
  const auto singles = run_singles(stage, **requester, sizes.single_jobs, sizes.single_window, of_region);
  if (!singles) return singles.error();
  tell(of_region, "one task at a time");
  const auto one_by_one = run_one_by_one(**requester, sizes.one_by_one);
  if (!one_by_one) return one_by_one.error();
  return Round{*arrays, *by_two, *singles, *one_by_one, warm->spent_per_task / 2};
}

Result<Round> floor_round(Stage& stage, const Sizes& sizes) {
  const std::string port = std::to_string(stage.port());
  const std::string region = stage.region_folder().string();
  auto started = stage.start_in_place_of_region({sibling("reeve-bench"), "floor-server", region, port});
  if (!started) return started.error();
  auto agents = Process::start(
      {sibling("reeve-bench"), "floor-agents", region, port, std::to_string(stage.options().agents)},
      stage.folder() / "floor-agents.log");
  if (!agents) return agents.error();
  auto round = run_round(stage, sizes, false);
  agents->stop(seconds(5));
  if (auto stopped = stage.stop_region(); !stopped) return stopped.error();
  return round;
}

Result<Round> region_round(Stage& stage, const Sizes& sizes) {
  if (auto started = stage.start_region(); !started) return started.error();
  if (auto started = stage.start_swarm(); !started) return started.error();
  auto round = run_round(stage, sizes, true);
  if (auto stopped = stage.stop_swarm(); !stopped) return stopped.error();
  if (auto stopped = stage.stop_region(); !stopped) return stopped.error();
  return round;
}

Json spread(const std::vector<Round>& rounds, const std::function<double(const Round&)>& figure) {
  std::vector<double> values;
  for (const Round& round : rounds)
    values.push_back(figure(round));
  return {{"median", median(values)},
          {"least", *std::min_element(values.begin(), values.end())},
          {"most", *std::max_element(values.begin(), values.end())}};
}

Json rate_json(const std::vector<Round>& rounds, Rate Round::*rate) {
  const auto figure = [&](double Rate::*value) {
    return spread(rounds, [=](const Round& round) { return round.*rate.*value; });
  };
  return {{"tasks_per_s", figure(&Rate::tasks_per_s)},
          {"server_cpu_us_per_task", figure(&Rate::server_cpu_us)},
          {"view_lag_s", figure(&Rate::view_lag_s)},
          {"commits_per_1000_tasks", figure(&Rate::commits_per_1000)},
          {"paid_attempts_per_task", spread(rounds, [=](const Round& round) {
             const double spent = (round.*rate).spent_per_task;
             return spent > 0 ? spent / round.attempt_price : 0;
           })}};
}

Json rounds_json(const std::vector<Round>& rounds) {
  const auto latency = [&](double Latency::*value) {
    return spread(rounds, [=](const Round& round) { return round.one_by_one.*value; });
  };
  return {{"arrays", rate_json(rounds, &Round::arrays)},
          {"arrays_by_two", rate_json(rounds, &Round::arrays_by_two)},
          {"singles", rate_json(rounds, &Round::singles)},
          {"one_by_one", {{"p50_us", latency(&Latency::p50_us)}, {"p99_us", latency(&Latency::p99_us)}}}};
}

Json settings_json(const StageOptions& options, const Sizes& sizes) {
  return {{"agents", options.agents},
          {"owners", options.owners},
          {"swarm_processes", options.ranks},
          {"rounds", sizes.rounds},
          {"array_tasks", sizes.array_tasks},
          {"single_jobs", sizes.single_jobs},
          {"single_window", sizes.single_window},
          {"one_by_one", sizes.one_by_one},
          {"queued_tasks", sizes.queued_tasks}};
}

std::string row(const char* what, const Json& region, const Json& floor, const char* unit) {
  char line[160];
  const double ours = region["median"];
  const double least = floor["median"];
  std::snprintf(line, sizeof line, "%-44s %12.0f %12.0f %8.2f  %s\n", what, ours, least,
                least > 0 ? ours / least : 0, unit);
  return line;
}

std::string lone(const char* what, const Json& value, const char* unit) {
  char line[160];
  std::snprintf(line, sizeof line, "%-44s %12.2f %30s\n", what, value["median"].get<double>(), unit);
  return line;
}

}  // namespace

Result<Json> measure_floor(const StageOptions& options, const Sizes& sizes) {
  auto stage = Stage::make(options);
  if (!stage) return stage.error();
  if (auto stopped = (*stage)->stop_region(); !stopped) return stopped.error();
  std::vector<Round> rounds;
  for (std::uint32_t i = 0; i < sizes.rounds; ++i) {
    auto round = floor_round(**stage, sizes);
    if (!round) return round.error();
    rounds.push_back(*round);
  }
  return Json{{"settings", settings_json(options, sizes)}, {"floor", rounds_json(rounds)}};
}

Result<Json> measure_log(const StageOptions& options, const Sizes& sizes) {
  auto stage = Stage::make(options);
  if (!stage) return stage.error();
  if (auto stopped = (*stage)->stop_region(); !stopped) return stopped.error();
  std::vector<Round> with;
  std::vector<Round> without;
  for (std::uint32_t i = 0; i < sizes.rounds; ++i) {
    std::cerr << "round " << i + 1 << " of " << sizes.rounds << ": without the log, then with it\n";
    for (const bool kept : {false, true}) {
      if (auto set = (*stage)->keep_transparent_log(kept); !set) return set.error();
      auto round = region_round(**stage, sizes);
      if (!round) return round.error();
      (kept ? with : without).push_back(*round);
    }
  }
  return Json{{"settings", settings_json(options, sizes)},
              {"with_log", rounds_json(with)},
              {"without_log", rounds_json(without)}};
}

std::string log_table(const Json& figures) {
  char head[160];
  std::snprintf(head, sizeof head, "%-44s %12s %12s %8s\n", "", "with log", "without", "ratio");
  std::string text = head;
  for (const auto& [name, key] : {std::pair{"arrays, 2 % run twice", "arrays"},
                                  {"arrays, every task run by two owners", "arrays_by_two"},
                                  {"single submissions", "singles"}}) {
    const Json& with = figures["with_log"][key];
    const Json& without = figures["without_log"][key];
    text += row(name, with["tasks_per_s"], without["tasks_per_s"], "tasks/s");
    char line[160];
    std::snprintf(line, sizeof line, "%-44s %12.2f %12.2f %8.2f  us\n", "  server CPU per task",
                  with["server_cpu_us_per_task"]["median"].get<double>(),
                  without["server_cpu_us_per_task"]["median"].get<double>(),
                  with["server_cpu_us_per_task"]["median"].get<double>() /
                      without["server_cpu_us_per_task"]["median"].get<double>());
    text += line;
  }
  text += row("one task at a time, p50", figures["with_log"]["one_by_one"]["p50_us"],
              figures["without_log"]["one_by_one"]["p50_us"], "us");
  return text;
}

Result<Json> measure_region(const StageOptions& options, const Sizes& sizes) {
  auto stage = Stage::make(options);
  if (!stage) return stage.error();
  if (auto stopped = (*stage)->stop_region(); !stopped) return stopped.error();
  std::vector<Round> floor;
  std::vector<Round> region;
  for (std::uint32_t i = 0; i < sizes.rounds; ++i) {
    std::cerr << "round " << i + 1 << " of " << sizes.rounds << ": floor, then region\n";
    auto below = floor_round(**stage, sizes);
    if (!below) return below.error();
    floor.push_back(*below);
    auto ours = region_round(**stage, sizes);
    if (!ours) return ours.error();
    region.push_back(*ours);
  }
  Json figures{{"settings", settings_json(options, sizes)},
               {"region", rounds_json(region)},
               {"floor", rounds_json(floor)}};
  if (sizes.queued_tasks == 0) return figures;
  if (auto started = (*stage)->start_region(); !started) return started.error();
  const auto bytes = queue_memory(**stage, sizes.queued_tasks);
  if (!bytes) return bytes.error();
  figures["queue_bytes"] = *bytes;
  return figures;
}

std::string table_of(const Json& figures) {
  if (!figures.contains("floor")) return "";
  const Json& floor = figures["floor"];
  const Json& ours = figures.contains("region") ? figures["region"] : floor;
  char head[160];
  std::snprintf(head, sizeof head, "%-44s %12s %12s %8s\n", "",
                figures.contains("region") ? "region" : "floor", "floor", "ratio");
  std::string text = head;
  text +=
      row("arrays, 2 % run twice", ours["arrays"]["tasks_per_s"], floor["arrays"]["tasks_per_s"], "tasks/s");
  text += row("arrays, every task run by two owners", ours["arrays_by_two"]["tasks_per_s"],
              floor["arrays_by_two"]["tasks_per_s"], "tasks/s");
  text +=
      row("single submissions", ours["singles"]["tasks_per_s"], floor["singles"]["tasks_per_s"], "tasks/s");
  text += row("one task at a time, p50", ours["one_by_one"]["p50_us"], floor["one_by_one"]["p50_us"], "us");
  text += row("one task at a time, p99", ours["one_by_one"]["p99_us"], floor["one_by_one"]["p99_us"], "us");
  if (!figures.contains("region")) return text;
  for (const auto& [name, key] : {std::pair{"arrays, 2 % run twice", "arrays"},
                                  {"arrays, by two owners", "arrays_by_two"},
                                  {"single submissions", "singles"}}) {
    text += std::string(name) + "\n";
    text += lone("  server CPU per task", ours[key]["server_cpu_us_per_task"], "us");
    text += lone("  until queries knew the last result", ours[key]["view_lag_s"], "s");
    text += lone("  commits per 1,000 tasks", ours[key]["commits_per_1000_tasks"], "");
    if (key != std::string("singles"))
      text += lone("  paid attempts per task", ours[key]["paid_attempts_per_task"], "");
  }
  if (figures.contains("queue_bytes")) {
    char line[160];
    std::snprintf(
        line, sizeof line, "%-44s %12.2f %30s\n", "memory of the queue",
        figures["queue_bytes"].get<double>() / 1e6,
        ("MB for " + std::to_string(figures["settings"]["queued_tasks"].get<std::uint64_t>()) + " tasks")
            .c_str());
    text += line;
  }
  return text;
}

}  // namespace reeve::bench
