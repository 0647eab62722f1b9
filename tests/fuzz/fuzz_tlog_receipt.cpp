// Receipts of a log: what agents' owners keep for years, and others hand them.

#include <string_view>

#include "protocol/check.h"
#include "protocol/tlog/receipt.h"
#include "tests/fuzz/fuzz.h"
#include "tests/protocol/tlog/sample_log.h"

namespace {

const reeve::Identity kSigner = reeve::tlog::sample_signer();
const reeve::tlog::Verifier kVerifier{"example.org/log", kSigner.public_key()};

reeve::tlog::Receipt receipt_of(std::uint64_t size, std::uint64_t index) {
  const reeve::tlog::SampleLog log(size);
  const std::string& entry = log.entry(index);
  return {reeve::Bytes(entry.begin(), entry.end()), index,
          *reeve::tlog::prove_inclusion(log.reader(), index, size), log.checkpoint(kVerifier.name, kSigner)};
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {reeve::tlog::receipt_text(receipt_of(1, 0)), reeve::tlog::receipt_text(receipt_of(300, 123))};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const reeve::tlog::Receipt one = receipt_of(1, 0);
  static const reeve::tlog::Receipt many = receipt_of(300, 123);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto receipt = reeve::tlog::parse_receipt(text);
  if (!receipt.ok()) return 0;
  REEVE_CHECK(reeve::tlog::receipt_text(*receipt) == text, "an accepted receipt has one form");
  if (reeve::tlog::verify_receipt(*receipt, kVerifier).ok())
    REEVE_CHECK(*receipt == one || *receipt == many, "nothing but a true receipt verifies");
  return 0;
}
