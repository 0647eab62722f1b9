#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/bytes.h"

/// Standard base64 (RFC 4648, section 4), padded.
namespace reeve {

std::string to_base64(ByteView bytes);
/// Nothing for any other text: blanks, missing padding, bits that the padding leaves over.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace reeve
