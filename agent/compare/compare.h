#pragma once

#include "agent/compare/result_files.h"
#include "agent/compare/verdict.h"
#include "protocol/comparison.h"

/// Comparators of results of programs. docs/formats/comparators.md defines them.
namespace reeve::agent::compare {

/// One file of two results. Files that the comparator does not know are compared by their bytes.
Verdict compare_bytes(ByteView a, ByteView b, const Comparison& how);

/// Two results: the same paths and executable bits, and each pair of files agrees. A difference is said
/// before anything that cannot be decided, so that nobody hides one behind a file of a strange form.
Verdict compare_results(const ResultFiles& a, const ResultFiles& b, const Comparison& how);

}  // namespace reeve::agent::compare
