#pragma once

#include <string_view>

#include "protocol/bytes.h"

namespace reeve::client {

/// Standard base64 (RFC 4648, section 4), padded. Empty for any other text.
Bytes decode_base64(std::string_view text);

}  // namespace reeve::client
