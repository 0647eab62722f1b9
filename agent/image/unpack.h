#pragma once

#include <cstdint>
#include <filesystem>

#include "protocol/result.h"

namespace reeve::agent::image {

/// Unpacks an image that was saved as an OCI layout or by docker save below `folder`, which is empty: the
/// root with the places of a sandbox (places.h), and what is known of it (facts.h).
///   most_bytes  what it may unpack to
/// Never trusts the archive; a digest that does not fit, a name that leads out or a bound that is exceeded is
/// an error that names it (kInvalid, kExhausted), and then whatever is in the folder is of no use.
Result<void> unpack_image(const std::filesystem::path& archive, const std::filesystem::path& folder,
                          std::uint64_t most_bytes);

}  // namespace reeve::agent::image
