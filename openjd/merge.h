#pragma once

#include <vector>

#include "openjd/model.h"

namespace reeve::openjd {

/// The job with environments entered around it: the first one outermost, all of them before the job's own.
///
/// A parameter that several templates define keeps every bound, and the last default; the job's definition is
/// merged last. Source: 2023-09, 1.2.1.
/// Errors: one name with different types, object types or data flows; bounds that leave no value; a default
/// that breaks the merged bounds.
Checked<JobTemplate> with_environments(JobTemplate job, const std::vector<EnvironmentDocument>& environments);

}  // namespace reeve::openjd
