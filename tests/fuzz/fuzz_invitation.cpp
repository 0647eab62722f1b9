// Join strings, which people paste.

#include <string_view>

#include "protocol/check.h"
#include "protocol/invitation.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  const std::string tail = "/k3v9qa.0123456789abcdef#" + std::string(64, 'a');
  return {"reeve://farm.example.org:7411" + tail, "reeve://127.0.0.1:1" + tail,
          "reeve://fe80::1%eth0:65535" + tail};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto invitation = reeve::parse_invitation(text);
  if (!invitation.ok()) return 0;
  const auto again = reeve::parse_invitation(reeve::invitation_text(*invitation));
  REEVE_CHECK(again.ok() && *again == *invitation, "an accepted invitation reads back");
  return 0;
}
