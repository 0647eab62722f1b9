#pragma once

#include <optional>
#include <vector>

#include "agent/core/io.h"
#include "agent/shell/input_cache.h"
#include "agent/shell/link.h"
#include "agent/shell/result_keeper.h"
#include "agent/shell/runner.h"
#include "agent/shell/spool.h"
#include "agent/shell/transfers.h"
#include "protocol/keys.h"

namespace reeve::agent {

/// Does what the core decides. The one place where results are signed.
class Performer {
 public:
  struct Parts {
    const Identity& identity;
    TransportKey region;
    Link& link;
    Transfers& transfers;
    Runner& runner;
    Spool& spool;
    InputCache& cache;
    ResultKeeper& keeper;
  };

  explicit Performer(Parts parts) : parts_(parts) {}

  /// Inputs that follow from the effects at once are appended to `inputs`.
  void perform(Time now, Effects effects, std::vector<Input>& inputs);
  /// Sends an opening that the keeper has read.
  void answer(const msg::Opening& opening, std::vector<Input>& inputs);

  /// Set once the agent's work is over.
  const std::optional<Exit>& over() const { return over_; }
  void know_agent(AgentId agent) { agent_ = agent; }

 private:
  void on(Connect&);
  void on(Disconnect&);
  void on(Send& effect);
  void on(SendReport& effect);
  void on(FetchInput& effect);
  void on(ReleaseInput& effect);
  void on(RunBatch& effect) { parts_.runner.run(effect); }
  void on(RunLeaves& effect) { parts_.runner.run_leaves(effect); }
  void on(RunComparison& effect) { parts_.runner.compare(effect); }
  void on(CancelBatch& effect) { parts_.runner.cancel(effect); }
  void on(Persist& effect) { note(parts_.spool.persist(effect.record)); }
  void on(MarkAcked& effect) { note(parts_.spool.mark_acked(effect.attempt, effect.tasks)); }
  void on(Forget& effect) { note(parts_.spool.forget(effect.attempt, effect.tasks)); }
  void on(AnswerOpening& effect);
  void on(Upload& effect);
  void on(const DropFile& effect);
  void on(Log& effect);
  void on(Exit& effect) { over_ = std::move(effect); }

  void send(const msg::Message& message);
  void note(const Result<void>& result);

  Parts parts_;
  AgentId agent_;
  Time now_;
  std::vector<Input>* inputs_ = nullptr;
  std::optional<Exit> over_;
};

}  // namespace reeve::agent
