#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/keys.h"
#include "protocol/messages.h"
#include "protocol/result.h"

/// What an agent's signature on a report says. Each section and each leaf report gives one commitment; the
/// signature is over the Merkle root of them all, so one section with its proof is evidence by itself.
namespace reeve {

/// Root and size of each task's result in a section, whichever way the results travel. Empty for failed
/// tasks.
struct SectionResults {
  std::vector<Digest> roots;
  std::vector<std::uint64_t> sizes_bytes;
};
/// Roots of inline results are computed from their bytes. kInvalid if counts or sizes do not match the range.
Result<SectionResults> section_results(const msg::ReportSection& section, std::uint32_t leaf_bytes);

/// SHA-256 over region (its server key), agent, attempt, step, tasks, kernel, and the roots and sizes or the
/// failure. Inline and rooted results of the same bytes commit to the same.
Digest section_commitment(const TransportKey& region, AgentId agent, const msg::ReportSection& section,
                          const SectionResults& results);

/// As above, for recomputed leaves.
Digest leaf_report_commitment(const TransportKey& region, AgentId agent, const msg::LeafReport& report);

/// As above, for what a comparison found.
Digest comparison_commitment(const TransportKey& region, AgentId agent, const msg::ComparisonReport& report);

/// Commitments in the report's order: sections, then leaf reports, then comparisons.
Digest report_root(std::span<const Digest> commitments);
/// Proof that a commitment is under a report's signature; check with
/// verify_inclusion(leaf_hash(commitment)…).
std::vector<Digest> commitment_path(std::span<const Digest> commitments, std::uint64_t index);

Signature sign_report(const Identity& agent, const Digest& report_root);
bool verify_report(const PublicKey& agent, const Digest& report_root, const Signature& signature);

}  // namespace reeve
