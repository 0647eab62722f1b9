#include "client/base64.h"

#include <sodium.h>

namespace reeve::client {

Bytes decode_base64(std::string_view text) {
  Bytes bytes(text.size() / 4 * 3 + 3);
  std::size_t size = 0;
  const int failed = sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                                       nullptr, sodium_base64_VARIANT_ORIGINAL);
  bytes.resize(failed == 0 ? size : 0);
  return bytes;
}

}  // namespace reeve::client
