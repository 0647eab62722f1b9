#pragma once

#include <cstddef>

#include "protocol/messages.h"

namespace reeve::agent {

/// The part of a section that holds `tasks`, which must lie within it.
msg::ReportSection section_part(const msg::ReportSection& section, TaskRange tasks);
/// Appends `tail` to `section` if it follows on, both are inline and the sum stays within `most_tasks` and a
/// report.
bool append_section(msg::ReportSection& section, const msg::ReportSection& tail, std::uint32_t most_tasks);
/// Bytes that the section's results take in a report.
std::size_t section_bytes(const msg::ReportSection& section);

}  // namespace reeve::agent
