#pragma once

#include <string>
#include <vector>

#include "client/report/report_page.h"

namespace reeve::client {

/// The owners in the order in which they first appear; an owner's place is its colour.
std::vector<std::string> owners_of(const std::vector<ReportAgent>& agents);

/// A legend and an SVG with a row for each agent and a bar for each attempt.
std::string render_timeline(const std::vector<ReportAgent>& agents);

}  // namespace reeve::client
