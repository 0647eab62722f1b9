#pragma once

#include <string>
#include <string_view>

#include "openjd/model.h"
#include "protocol/result.h"

namespace reeve::openjd {

/// Checks a text against a parameter's type and bounds.
///
/// returns  the value as format strings show it: an INT without sign or zeros that mean nothing, any other
///          type as given
Result<std::string> check_value(const JobParameter& parameter, std::string_view text);

}  // namespace reeve::openjd
