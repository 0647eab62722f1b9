#include "scheduler/shell/report_check.h"

#include <bit>

#include "protocol/commitment.h"
#include "protocol/merkle.h"

namespace reeve::shell {
namespace {

/// Root of the leaves; adds to each leaf's path the sibling at every level, nearest first.
Digest grow_paths(std::span<const Digest> leaves, std::span<std::vector<Digest>> paths) {
  if (leaves.size() == 1) return leaves.front();
  const std::size_t half = std::bit_floor(leaves.size() - 1);
  const Digest left = grow_paths(leaves.first(half), paths.first(half));
  const Digest right = grow_paths(leaves.subspan(half), paths.subspan(half));
  for (std::size_t i = 0; i < paths.size(); ++i)
    paths[i].push_back(i < half ? right : left);
  return node_hash(left, right);
}

msg::ReportAck name_forgotten(const core::Durable& state, const msg::Report& report) {
  msg::ReportAck ack;
  for (const msg::ReportSection& section : report.sections)
    if (state.find_step(section.step) == nullptr)
      ack.items.push_back({section.attempt, section.tasks, msg::SectionStatus::kLate, "the job is over"});
  return ack;
}

Result<std::vector<Digest>> commit_sections(const core::Durable& state, const TransportKey& region,
                                            AgentId agent, msg::Report& report, core::ReportReceived& input) {
  std::vector<Digest> commitments;
  commitments.reserve(report.sections.size() + report.leaves.size() + report.comparisons.size());
  for (msg::ReportSection& section : report.sections) {
    Result<SectionResults> results = section_results(section, state.find_step(section.step)->spec.leaf_bytes);
    if (!results) return results.error();
    commitments.push_back(section_commitment(region, agent, section, *results));
    input.sections.push_back({std::move(section), std::move(results->roots), {}});
  }
  for (const msg::LeafReport& leaf : report.leaves)
    commitments.push_back(leaf_report_commitment(region, agent, leaf));
  for (const msg::ComparisonReport& comparison : report.comparisons)
    commitments.push_back(comparison_commitment(region, agent, comparison));
  return commitments;
}

}  // namespace

CommitmentTree commitment_tree(const std::vector<Digest>& commitments) {
  CommitmentTree tree{{}, std::vector<std::vector<Digest>>(commitments.size())};
  std::vector<Digest> leaves;
  leaves.reserve(commitments.size());
  for (const Digest& commitment : commitments)
    leaves.push_back(leaf_hash(commitment.bytes));
  tree.root = grow_paths(leaves, tree.paths);
  return tree;
}

Result<CheckedReport> check_report(const core::Durable& state, const TransportKey& region, AgentId agent,
                                   msg::Report report) {
  CheckedReport checked;
  const auto record = state.agents.find(agent);
  if (record == state.agents.end()) return Error{ErrorCode::kNotAllowed, "report: no such agent", ""};
  checked.input.agent = agent;
  checked.input.signature = report.signature;
  checked.forgotten = name_forgotten(state, report);
  if (!checked.forgotten.items.empty()) return checked;
  Result<std::vector<Digest>> commitments = commit_sections(state, region, agent, report, checked.input);
  if (!commitments) return commitments.error();
  if (commitments->empty()) return Error{ErrorCode::kInvalid, "report: it has no sections", ""};
  CommitmentTree tree = commitment_tree(*commitments);
  if (!verify_report(record->second.identity, tree.root, report.signature))
    return Error{ErrorCode::kInvalid, "report.signature: it is not the agent's over these sections",
                 "sign with the identity that was enrolled"};
  for (std::size_t i = 0; i < checked.input.sections.size(); ++i)
    checked.input.sections[i].path = std::move(tree.paths[i]);
  checked.input.leaves = std::move(report.leaves);
  checked.input.comparisons = std::move(report.comparisons);
  return checked;
}

msg::Opening check_opening(const core::Durable& state, msg::Opening opening) {
  const core::StepState* step = state.find_step(opening.step);
  if (step != nullptr && step->open.contains(opening.task) && !opening.leaf_hashes.empty()) {
    const Digest root = merkle_root(opening.leaf_hashes);
    for (const core::Recorded& recorded : step->open.at(opening.task).attempts)
      if (recorded.attempt == opening.attempt && recorded.root == root) return opening;
  }
  opening.leaf_hashes.clear();
  return opening;
}

}  // namespace reeve::shell
