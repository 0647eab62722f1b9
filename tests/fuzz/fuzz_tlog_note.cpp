// Signed notes, checkpoints and keys of logs: what people fetch and paste.

#include <string_view>

#include "protocol/check.h"
#include "protocol/tlog/note.h"
#include "tests/fuzz/fuzz.h"
#include "tests/protocol/tlog/sample_log.h"

namespace {

const reeve::Identity kSigner = reeve::tlog::sample_signer();
const reeve::tlog::Verifier kVerifier{"example.org/log", kSigner.public_key()};

}  // namespace

std::vector<std::string> fuzz_seeds() {
  const reeve::tlog::SampleLog log(300);
  return {log.checkpoint(kVerifier.name, kSigner),
          reeve::tlog::checkpoint_text({"example.org/log", 300, log.frontier().root()}),
          reeve::tlog::vkey_text(kVerifier)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string signed_text =
      reeve::tlog::checkpoint_text({kVerifier.name, 300, reeve::tlog::SampleLog(300).frontier().root()});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto opened = reeve::tlog::open_note(text, kVerifier); opened.ok())
    REEVE_CHECK(*opened == signed_text, "nothing but what was signed opens");
  if (const auto checkpoint = reeve::tlog::parse_checkpoint(text); checkpoint.ok())
    REEVE_CHECK(text.starts_with(reeve::tlog::checkpoint_text(*checkpoint)),
                "an accepted checkpoint has one form");
  if (const auto verifier = reeve::tlog::parse_vkey(text); verifier.ok())
    REEVE_CHECK(reeve::tlog::vkey_text(*verifier) == text, "an accepted key has one form");
  return 0;
}
