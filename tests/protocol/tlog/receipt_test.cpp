#include "protocol/tlog/receipt.h"

#include <gtest/gtest.h>

#include "tests/protocol/tlog/sample_log.h"

namespace reeve::tlog {
namespace {

const Identity kSigner = sample_signer();
const Verifier kVerifier{"example.org/log", kSigner.public_key()};

Receipt receipt_of(const SampleLog& log, std::uint64_t index) {
  const std::string& entry = log.entry(index);
  return {Bytes(entry.begin(), entry.end()), index, *prove_inclusion(log.reader(), index, log.size()),
          log.checkpoint(kVerifier.name, kSigner)};
}

TEST(TlogReceipt, AReceiptReadsBackAndVerifies) {
  for (const std::uint64_t size : {1U, 2U, 255U, 256U, 257U, 65537U}) {
    const SampleLog log(size);
    for (const std::uint64_t index : {std::uint64_t{0}, size - 1}) {
      const Receipt receipt = receipt_of(log, index);
      const auto again = parse_receipt(receipt_text(receipt));
      ASSERT_TRUE(again.ok()) << again.error().message;
      EXPECT_EQ(*again, receipt);
      const auto checkpoint = verify_receipt(*again, kVerifier);
      ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
      EXPECT_EQ(checkpoint->size, size);
    }
  }
}

TEST(TlogReceipt, EveryFlippedBitIsRefused) {
  const std::string text = receipt_text(receipt_of(SampleLog(300), 123));
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto receipt = parse_receipt(changed);
    EXPECT_FALSE(receipt.ok() && verify_receipt(*receipt, kVerifier).ok()) << "bit " << bit;
  }
}

TEST(TlogReceipt, AnotherEntryOrPlaceIsRefused) {
  const Receipt good = receipt_of(SampleLog(300), 123);
  Receipt entry = good;
  entry.entry.push_back('0');
  EXPECT_FALSE(verify_receipt(entry, kVerifier).ok());
  Receipt place = good;
  place.index = 122;
  EXPECT_FALSE(verify_receipt(place, kVerifier).ok());
  Receipt shorter = good;
  shorter.path.pop_back();
  EXPECT_FALSE(verify_receipt(shorter, kVerifier).ok());
}

TEST(TlogReceipt, MalformedReceiptsNameTheirLine) {
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  for (const std::string& text :
       {std::string(), std::string("c2sp.org/tlog-proof@v2\nindex 0\n\nx\n"), head, head + "index 00\n\nx\n",
        head + "index -1\n\nx\n", head + "extra \nindex 0\n\nx\n", head + "index 0\nAAAA\n\nx\n",
        head + "index 0\n", head + "index 0\n\n", std::string(kReceiptBytes + 1, 'a')})
    EXPECT_FALSE(parse_receipt(text).ok()) << text.substr(0, 80);
}

}  // namespace
}  // namespace reeve::tlog
