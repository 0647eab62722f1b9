#include "protocol/commitment.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "protocol/leaves.h"
#include "protocol/merkle.h"

namespace reeve {
namespace {

msg::ReportSection inline_section() {
  msg::ReportSection section;
  section.attempt = AttemptId(4);
  section.step = {JobId(2), 1};
  section.tasks = {10, 2};
  section.kernel = {"sha256", 1};
  section.outcome = msg::InlineResults{{3, 0}, {'a', 'b', 'c'}};
  return section;
}

msg::ReportSection rooted_section() {
  msg::ReportSection section = inline_section();
  section.outcome = msg::RootedResults{{result_root(as_bytes("abc"), 0), result_root({}, 0)}, {3, 0}};
  return section;
}

Digest commit(const msg::ReportSection& section, AgentId agent = AgentId(1), TransportKey region = {}) {
  const auto results = section_results(section, 0);
  EXPECT_TRUE(results.ok());
  return section_commitment(region, agent, section, *results);
}

TEST(Commitment, InlineAndRootedResultsCommitToTheSame) {
  EXPECT_EQ(commit(inline_section()), commit(rooted_section()));
}

TEST(Commitment, EveryFieldIsBound) {
  using Change = std::function<void(msg::ReportSection&)>;
  const std::vector<Change> changes = {
      [](auto&) {},
      [](auto& s) { s.attempt = AttemptId(5); },
      [](auto& s) { s.step.job = JobId(3); },
      [](auto& s) { s.step.step = 2; },
      [](auto& s) { s.tasks.first = 11; },
      [](auto& s) { s.kernel.name = "sha257"; },
      [](auto& s) { s.kernel.contract = 2; },
      [](auto& s) { std::get<msg::RootedResults>(s.outcome).roots[1].bytes[31] ^= 1; },
      [](auto& s) { std::get<msg::RootedResults>(s.outcome).sizes[0] = 4; },
      [](auto& s) {
        s.outcome = msg::FailedTasks{msg::FailureReason::kCrashed, "x"};
      },
      [](auto& s) {
        s.outcome = msg::FailedTasks{msg::FailureReason::kTimeLimit, "x"};
      },
      [](auto& s) {
        s.outcome = msg::FailedTasks{msg::FailureReason::kCrashed, "y"};
      },
  };
  std::set<Digest> seen;
  for (const Change& change : changes) {
    msg::ReportSection section = rooted_section();
    change(section);
    EXPECT_TRUE(seen.insert(commit(section)).second);
  }
  TransportKey other_region;
  other_region.bytes[0] = 1;
  EXPECT_TRUE(seen.insert(commit(rooted_section(), AgentId(2))).second);
  EXPECT_TRUE(seen.insert(commit(rooted_section(), AgentId(1), other_region)).second);
}

TEST(Commitment, SizesThatDoNotMatchThePayloadAreRefused) {
  auto section = inline_section();
  section.outcome = msg::InlineResults{{3, 1}, {'a', 'b', 'c'}};
  EXPECT_FALSE(section_results(section, 0).ok());
  section.outcome = msg::InlineResults{{1, 1}, {'a', 'b', 'c'}};
  EXPECT_FALSE(section_results(section, 0).ok());
  section.outcome = msg::InlineResults{{3}, {'a', 'b', 'c'}};
  EXPECT_FALSE(section_results(section, 0).ok());
  section.outcome = msg::RootedResults{{Digest{}}, {3, 0}};
  EXPECT_FALSE(section_results(section, 0).ok());
}

TEST(Commitment, EveryFieldOfALeafReportIsBound) {
  const msg::LeafReport base{AttemptId(1), {JobId(2), 0}, 3, {4, 5}, {Digest{}, Digest{}}};
  const TransportKey region;
  std::set<Digest> seen = {leaf_report_commitment(region, AgentId(1), base)};
  auto changed = base;
  changed.task = 4;
  EXPECT_TRUE(seen.insert(leaf_report_commitment(region, AgentId(1), changed)).second);
  changed = base;
  changed.leaves[1] = 6;
  EXPECT_TRUE(seen.insert(leaf_report_commitment(region, AgentId(1), changed)).second);
  changed = base;
  changed.hashes[0].bytes[0] = 1;
  EXPECT_TRUE(seen.insert(leaf_report_commitment(region, AgentId(1), changed)).second);
  EXPECT_TRUE(seen.insert(leaf_report_commitment(region, AgentId(2), base)).second);
}

TEST(Commitment, OneSectionWithItsProofIsEvidence) {
  const auto agent = Identity::create();
  std::vector<Digest> commitments;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    auto section = rooted_section();
    section.attempt = AttemptId(i);
    commitments.push_back(commit(section));
  }
  const Digest root = report_root(commitments);
  const Signature signature = sign_report(agent, root);
  EXPECT_TRUE(verify_report(agent.public_key(), root, signature));
  EXPECT_TRUE(verify_inclusion(leaf_hash(commitments[3].bytes), 3, 5, commitment_path(commitments, 3), root));
  commitments[3].bytes[0] ^= 1;
  EXPECT_FALSE(verify_report(agent.public_key(), report_root(commitments), signature));
  EXPECT_FALSE(verify(agent.public_key(), root, signature)) << "a report's signature says nothing else";
}

}  // namespace
}  // namespace reeve
