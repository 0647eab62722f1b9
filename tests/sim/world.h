#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "scheduler/core/core.h"
#include "tests/sim/agent.h"
#include "tests/sim/rng.h"

namespace reeve::sim {

struct Faults {
  double lose = 0.02;    // of messages
  double repeat = 0.02;  // come twice
  std::int64_t delay_ms = 40;
  double crash_region = 0.002;  // at a commit
  double cut_agent = 0.01;      // at a second of an agent's life
  bool jump_clock = true;
};

/// One seeded region: the real core, a journal that loses what was not committed, agents, a requester, and
/// bad luck.
///
/// After every step of the core it checks every invariant; at every recovery, that replay gives the same
/// state; at the end, that every job ended and that no wrong root was accepted of which two owners were
/// asked.
class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();

  /// Runs the whole story; "" or what broke, with the seed and the step to replay it.
  std::string run();

  // ---- for the agents ----
  Time now() const { return now_; }
  void after(Duration delay, std::function<void()> action);
  /// Sends over the bad network; `reliable` messages are only delayed.
  void to_region(const core::Input& input, bool reliable = false);
  void acknowledged(AgentId agent, const msg::ReportSection& section);
  /// An agent asks for a blob: what a task that it holds goes on from must be there.
  void fetched(AgentId agent, const Digest& blob);
  Capability capability() const;
  KernelVersion kernel() const { return {"sim", 1}; }

  std::uint64_t tasks() const { return tasks_; }
  std::uint64_t convictions() const { return convictions_; }
  std::uint64_t steps() const { return steps_; }
  std::uint64_t comparisons() const { return comparisons_; }
  std::uint64_t generations() const { return generations_; }
  std::uint64_t crashes() const { return crashes_; }
  /// The journal as it stands.
  const std::vector<core::Event>& committed() const { return committed_; }

 private:
  struct AckedSection {
    AttemptId attempt;
    TaskRange tasks;
    bool operator<(const AckedSection& o) const {
      return std::tie(attempt, tasks.first) < std::tie(o.attempt, o.tasks.first);
    }
  };

  void found_region();
  void enrol_agents();
  void submit_jobs();
  void step(const core::Input& input);
  void perform(const core::Effect& effect);
  void commit();
  void crash_and_recover();
  void bad_luck();
  void tick();
  void retry_what_began_anew();
  void fail(const std::string& what);
  std::string verdict() const;
  void check_inputs(const msg::Assign& assign);
  void note_blobs(const core::Event& event);
  std::string check_accepted() const;
  std::string why_failed(JobId job) const;
  std::string why_open() const;
  std::string check_acknowledged() const;
  core::Durable replay() const;

  std::uint64_t seed_;
  Rng rng_;
  Faults faults_;
  Time now_;
  Duration skew_{};  // what the region's clock is off by
  std::multimap<std::pair<Time, std::uint64_t>, std::function<void()>> agenda_;
  std::uint64_t agenda_counter_ = 0;
  std::unique_ptr<core::Core> core_;
  std::vector<core::Event> committed_;
  std::vector<core::Event> uncommitted_;
  std::vector<core::Effect> held_back_;
  bool commit_planned_ = false;
  bool pump_planned_ = false;
  std::vector<std::unique_ptr<SimAgent>> agents_;
  std::map<AckedSection, AgentId> acked_;
  std::vector<JobId> jobs_;
  std::vector<core::CommandReceived> submissions_;  // sent again until they are answered
  std::set<std::uint64_t> answered_;
  std::uint64_t tasks_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t convictions_ = 0;
  std::uint64_t comparisons_ = 0;
  std::uint64_t generations_ = 0;
  std::uint8_t retries_ = 0;
  std::map<std::pair<StepRef, TaskIndex>, std::uint32_t> agreeing_;  // owners that confirmed a result
  std::map<std::pair<StepRef, TaskIndex>, Digest> blobs_;            // of iterating steps, as committed
  std::set<Digest> stored_;                                          // what a store would hold
  std::string failure_;
};

}  // namespace reeve::sim
