#pragma once

#include <string_view>
#include <variant>

#include "openjd/diagnostic.h"
#include "openjd/model.h"

namespace reeve::openjd {

/// Reads and checks a job template, YAML or JSON, of version "jobtemplate-2023-09".
///
/// Every rule that can be checked without the job parameters' values is checked, and every broken one is
/// told. Of the extensions, EXPR and those that nobody published are refused by name.
Checked<JobTemplate> parse_template(std::string_view text);

/// As above, for an environment template of version "environment-2023-09".
Checked<EnvironmentDocument> parse_environment_template(std::string_view text);

using AnyTemplate = std::variant<JobTemplate, EnvironmentDocument>;

/// As above, for whichever of the two the text says it is; a job template where it says neither.
Checked<AnyTemplate> parse_any_template(std::string_view text);

}  // namespace reeve::openjd
