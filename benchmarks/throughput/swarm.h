#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/agent_core.h"
#include "agent/shell/agent_config.h"
#include "agent/shell/clock.h"
#include "agent/shell/performer.h"

/// Agents without workers: the agent's own core, sockets, signatures and spool, and a kernel that runs in the
/// agent's thread. A machine simulates as many of them as its sockets last.
namespace reeve::bench {

/// Runs `sha256` where it stands.
class InProcessRunner final : public agent::Runner {
 public:
  void run(const agent::RunBatch& work) override { batches_.push_back(work); }
  void run_leaves(const agent::RunLeaves& work) override;
  void compare(const agent::RunComparison&) override {}  // it advertises no comparator
  void cancel(const agent::CancelBatch& work) override;
  int fd() const override { return -1; }  // the swarm asks busy() instead
  std::vector<agent::RunnerEvent> pump() override;

  bool has_tasks() const { return !batches_.empty(); }
  bool busy() const { return !up_ || !batches_.empty() || !events_.empty(); }
  std::uint64_t tasks_run() const { return tasks_run_; }

 private:
  bool up_ = false;
  std::deque<agent::RunBatch> batches_;
  std::vector<agent::RunnerEvent> events_;
  std::uint64_t tasks_run_ = 0;
};

/// One agent.
class SimulatedAgent {
 public:
  /// Joins with the invitation, unless the home did before.
  static Result<std::unique_ptr<SimulatedAgent>> start(net::Context& context,
                                                       const std::filesystem::path& home,
                                                       const std::string& invitation,
                                                       const agent::Pacing& pacing);

  /// Does all there is to do now.
  void turn();
  void watch(net::Poller& poller);
  /// How long it may sleep if nothing arrives.
  Duration patience() const;
  void stop() { inputs_.push_back(agent::StopRequested{}); }
  bool over() const { return performer_.over().has_value(); }
  agent::AgentStatus status() const { return core_.status(); }
  std::uint64_t tasks_run() const { return runner_.tasks_run(); }

 private:
  struct Home {
    agent::AgentSettings settings;
    Identity identity;
    TransportPair transport;
    std::unique_ptr<agent::Spool> spool;
    std::unique_ptr<agent::InputCache> cache;
  };

  void decide();
  SimulatedAgent(net::Context& context, Home home, const agent::Pacing& pacing);
  static Result<Home> open_home(const std::filesystem::path& path);

  agent::Clock clock_;
  Home home_;
  InProcessRunner runner_;
  agent::Link link_;
  agent::Transfers transfers_;
  agent::AgentCore core_;
  agent::ResultKeeper keeper_;
  agent::Performer performer_;
  std::vector<agent::Input> inputs_;
};

}  // namespace reeve::bench
