#pragma once

#include "client/context.h"
#include "client/inputs.h"

namespace reeve::client {

/// Puts a job's input on the region's bulk socket, unless the region has it already; resumes what an earlier
/// try left there, and shows how far it is.
Result<void> upload_input(Context& context, const Input& input);

}  // namespace reeve::client
