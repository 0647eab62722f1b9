#include "protocol/commitment.h"

#include <utility>

#include "protocol/digest.h"
#include "protocol/leaves.h"
#include "protocol/merkle.h"

namespace reeve {
namespace {

// Digests lie side by side without padding, so a whole list is hashed at once.
static_assert(sizeof(Digest) == 32);

void hash_digests(StatementHasher& hasher, std::span<const Digest> digests) {
  hasher.number(digests.size());
  hasher.fixed({reinterpret_cast<const std::uint8_t*>(digests.data()), digests.size_bytes()});
}

Error mismatch(const msg::ReportSection& section, const char* what) {
  return {ErrorCode::kInvalid,
          "a report section of " + std::to_string(section.tasks.count) + " tasks has " + what, ""};
}

Result<SectionResults> inline_roots(const msg::ReportSection& section, const msg::InlineResults& results,
                                    std::uint32_t leaf_bytes) {
  if (results.sizes.size() != section.tasks.count) return mismatch(section, "another number of results");
  SectionResults out;
  out.roots.reserve(results.sizes.size());
  out.sizes_bytes.assign(results.sizes.begin(), results.sizes.end());
  ByteView rest = results.payload;
  for (const std::uint32_t size : results.sizes) {
    if (size > rest.size()) return mismatch(section, "a payload shorter than its sizes say");
    out.roots.push_back(result_root(rest.first(size), leaf_bytes));
    rest = rest.subspan(size);
  }
  if (!rest.empty()) return mismatch(section, "a payload longer than its sizes say");
  return out;
}

std::vector<Digest> as_leaves(std::span<const Digest> commitments) {
  std::vector<Digest> leaves;
  leaves.reserve(commitments.size());
  for (const Digest& commitment : commitments)
    leaves.push_back(leaf_hash(commitment.bytes));
  return leaves;
}

Digest report_statement(const Digest& root) {
  return StatementHasher("reeve/report/v1").fixed(root.bytes).finish();
}

}  // namespace

Result<SectionResults> section_results(const msg::ReportSection& section, std::uint32_t leaf_bytes) {
  if (const auto* results = std::get_if<msg::InlineResults>(&section.outcome))
    return inline_roots(section, *results, leaf_bytes);
  const auto* rooted = std::get_if<msg::RootedResults>(&section.outcome);
  if (rooted == nullptr) return SectionResults{};
  if (rooted->roots.size() != section.tasks.count || rooted->sizes.size() != section.tasks.count)
    return mismatch(section, "another number of roots or sizes");
  return SectionResults{rooted->roots, rooted->sizes};
}

Digest section_commitment(const TransportKey& region, AgentId agent, const msg::ReportSection& section,
                          const SectionResults& results) {
  const auto* failed = std::get_if<msg::FailedTasks>(&section.outcome);
  StatementHasher hasher("reeve/section/v1");
  hasher.fixed(region.bytes)
      .number(agent.value())
      .number(section.attempt.value())
      .number(section.step.job.value())
      .number(section.step.step)
      .number(section.tasks.first)
      .number(section.tasks.count)
      .text(section.kernel.name)
      .number(section.kernel.contract)
      .number(failed != nullptr ? 1 : 0);
  if (failed != nullptr) {
    hasher.number(static_cast<std::uint64_t>(failed->reason)).text(failed->message);
    return hasher.finish();
  }
  hash_digests(hasher, results.roots);
  for (const std::uint64_t size : results.sizes_bytes)
    hasher.number(size);
  return hasher.finish();
}

Digest leaf_report_commitment(const TransportKey& region, AgentId agent, const msg::LeafReport& report) {
  StatementHasher hasher("reeve/leaves/v1");
  hasher.fixed(region.bytes)
      .number(agent.value())
      .number(report.attempt.value())
      .number(report.step.job.value())
      .number(report.step.step)
      .number(report.task)
      .number(report.leaves.size());
  for (const std::uint32_t leaf : report.leaves)
    hasher.number(leaf);
  hash_digests(hasher, report.hashes);
  return hasher.finish();
}

Digest comparison_commitment(const TransportKey& region, AgentId agent, const msg::ComparisonReport& report) {
  return StatementHasher("reeve/comparison/v1")
      .fixed(region.bytes)
      .number(agent.value())
      .number(report.attempt.value())
      .number(report.step.job.value())
      .number(report.step.step)
      .number(report.task)
      .number(static_cast<std::uint64_t>(report.verdict))
      .text(report.why)
      .finish();
}

Digest report_root(std::span<const Digest> commitments) {
  return merkle_root(as_leaves(commitments));
}

std::vector<Digest> commitment_path(std::span<const Digest> commitments, std::uint64_t index) {
  return inclusion_path(as_leaves(commitments), index);
}

Signature sign_report(const Identity& agent, const Digest& report_root) {
  return agent.sign(report_statement(report_root));
}

bool verify_report(const PublicKey& agent, const Digest& report_root, const Signature& signature) {
  return verify(agent, report_statement(report_root), signature);
}

}  // namespace reeve
