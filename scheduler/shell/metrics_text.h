#pragma once

#include <string>

#include "scheduler/shell/bulk.h"
#include "scheduler/shell/group_commit.h"
#include "scheduler/shell/log_keeper.h"
#include "scheduler/shell/metrics.h"
#include "scheduler/shell/view.h"

namespace reeve::shell {

/// The region's numbers in Prometheus's text format 0.0.4.
std::string metrics_text(const Metrics& metrics, const GroupCommit& commits, const View& view,
                         const BulkServer& bulk, const LogKeeper& logs);

}  // namespace reeve::shell
