#pragma once

#include <string_view>

#include "openjd/diagnostic.h"
#include "openjd/model.h"

namespace reeve::openjd {

/// Reads and checks a job template, YAML or JSON, of version "jobtemplate-2023-09".
///
/// Every rule that can be checked without the job parameters' values is checked, and every broken one is
/// told. Extensions are refused by name.
Checked<JobTemplate> parse_template(std::string_view text);

}  // namespace reeve::openjd
