#pragma once

#include <deque>
#include <map>
#include <set>

#include "scheduler/core/core.h"
#include "tests/sim/rng.h"

namespace reeve::sim {

class World;

enum class Behaviour {
  kHonest,
  kLiar,        // every result is wrong, each in its own way
  kOnOffLiar,   // one in five
  kStaller,     // takes tasks and never reports
  kWithholder,  // opens and uploads nothing
  kFailing,     // every task fails
};

/// An agent as the region sees one: it keeps what it finished on disk, loses what it held in memory,
/// reconnects.
class SimAgent {
 public:
  SimAgent(World& world, AgentId id, Role role, std::uint32_t slots, Behaviour behaviour, std::uint64_t seed);

  void connect();
  void disconnect(Duration down, bool lose_memory);
  void leave_for_good();
  void receive(const core::Effect& effect);

  AgentId id() const { return id_; }
  Behaviour behaviour() const { return behaviour_; }
  bool connected() const { return connected_; }

 private:
  struct Finished {
    msg::ReportSection section;
    std::vector<Digest> roots;
    bool acknowledged = false;
  };

  void on_assign(const msg::Assign& assign);
  void on_ack(const msg::ReportAck& ack);
  void on_cancel(const msg::CancelAttempts& cancel);
  void on_opening(const msg::OpeningRequest& request);
  void on_upload(const msg::UploadRequest& request);
  void run_next();
  void finish(AttemptId attempt, TaskRange tasks);
  void report();
  void heartbeat();
  void grant();
  std::vector<Digest> leaves_of(StepRef step, TaskIndex task, AttemptId attempt) const;
  Digest root_of(StepRef step, TaskIndex task, AttemptId attempt) const;
  void compare(const msg::ComparisonAssignment& asked);
  bool lies(StepRef step, TaskIndex task) const;

  World& world_;
  AgentId id_;
  Role role_;
  std::uint32_t slots_;
  Behaviour behaviour_;
  Rng rng_;
  bool connected_ = false;
  bool gone_ = false;
  std::uint64_t life_ = 0;  // timers of an earlier life do nothing
  bool busy_ = false;
  std::map<AttemptId, msg::HeldAttempt> held_;
  std::map<AttemptId, core::IntervalSet> to_run_;
  std::map<AttemptId, bool> rooted_;
  std::map<AttemptId, std::vector<Digest>> inputs_;  // results that its tasks go on from
  std::set<AttemptId> compared_;                     // whose results a referee compares
  std::deque<AttemptId> order_;
  std::vector<Finished> finished_;
  std::uint64_t received_ = 0;
};

}  // namespace reeve::sim
