#pragma once

#include <optional>
#include <string>

#include "openjd/diagnostic.h"
#include "openjd/model.h"

namespace reeve::openjd {

/// True when no range of the space depends on a job parameter.
bool is_constant(const ParameterSpaceTemplate& space);

/// Resolves every range and combines the parameters. Reports values that do not fit their type, ranges that
/// are wrong, and what Combination::lay_out refuses.
///   field  the path of the space in the template, for messages
std::optional<ParameterSpace> expand_space(Diagnostics& diagnostics, const ParameterSpaceTemplate& space,
                                           const Symbols& symbols, const std::string& field);

}  // namespace reeve::openjd
