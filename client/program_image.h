#pragma once

#include <filesystem>
#include <optional>

#include "client/inputs.h"
#include "protocol/result.h"

namespace reeve::client {

/// An image that a job's programs run in: the archive of an OCI layout, or what docker save writes. Looks at
/// the names in the archive, so that what is none is refused before it is uploaded; agents look at the rest.
/// Errors: as of file_input; kInvalid, naming what the file is instead and how to make an archive of it.
Result<Input> image_input(const std::filesystem::path& path);

}  // namespace reeve::client
