#pragma once

#include <map>
#include <optional>

#include "benchmarks/throughput/processes.h"
#include "protocol/keys.h"

/// Where a measurement takes place: a region of its own in a temporary folder, a requester, a swarm.
namespace reeve::bench {

struct StageOptions {
  std::filesystem::path parent;  // its disk is the one that is measured
  int agents = 4;
  int owners = 2;
  int ranks = 1;                   // processes of the swarm
  std::uint32_t credit_tasks = 0;  // 0: the agents' default
  std::uint32_t report_tasks = 0;
};

class Stage {
 public:
  /// Makes the region and enrols a requester and the owners. Nothing runs when it returns.
  static Result<std::unique_ptr<Stage>> make(const StageOptions& options);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  Result<void> start_region();
  /// `program`: what stands in for the region at its port.
  Result<void> start_in_place_of_region(const Words& command);
  Result<void> stop_region();
  /// From the next start on.
  Result<void> keep_transparent_log(bool kept) const;
  Result<void> start_swarm();
  Result<void> start_swarm(std::uint32_t credit_tasks, std::uint32_t report_tasks);
  Result<void> stop_swarm();

  const StageOptions& options() const { return options_; }
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path region_folder() const { return folder_ / "region"; }
  std::filesystem::path requester_home() const { return folder_ / "requester"; }
  std::uint16_t port() const { return port_; }
  pid_t region_pid() const { return region_->pid(); }
  /// A counter of the region's /metrics.
  Result<std::map<std::string, double>> metrics() const;

 private:
  explicit Stage(StageOptions options) : options_(std::move(options)) {}
  Result<void> prepare();
  Result<void> enrol_everybody();
  Result<std::string> as_operator(Words words) const;
  Result<void> wait_for_region() const;

  StageOptions options_;
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  std::optional<Process> region_;
  std::optional<Process> swarm_;
};

}  // namespace reeve::bench
