#pragma once

#include "scheduler/core/durable.h"
#include "scheduler/core/io.h"

/// What the loop checks of an agent's words before the core hears them.
namespace reeve::shell {

struct CheckedReport {
  core::ReportReceived input;
  msg::ReportAck
      forgotten;  // sections of jobs that the region has forgotten: what they say cannot be checked
};

/// Computes the roots of inline results and verifies the signature over all of it. kInvalid: it does not fit.
/// Where a section's job is forgotten, `forgotten` names it and the input is empty: the agent reports the
/// rest again.
Result<CheckedReport> check_report(const core::Durable& state, const TransportKey& region, AgentId agent,
                                   msg::Report report);

/// An opening whose hashes give the root that the attempt reported; an empty (refused) one otherwise.
msg::Opening check_opening(const core::Durable& state, msg::Opening opening);

/// What report_root() gives for all commitments (at least one), and commitment_path() for each.
struct CommitmentTree {
  Digest root;
  std::vector<std::vector<Digest>> paths;
};
CommitmentTree commitment_tree(const std::vector<Digest>& commitments);

}  // namespace reeve::shell
