#include "protocol/tlog/note.h"

#include <gtest/gtest.h>

#include "tests/protocol/tlog/sample_log.h"

namespace reeve::tlog {
namespace {

const Identity kSigner = sample_signer();
const Verifier kVerifier{"example.org/log", kSigner.public_key()};

std::string sample() {
  return SampleLog(257).checkpoint(kVerifier.name, kSigner);
}

TEST(TlogNote, TheKeyOfTheSpecificationsExampleHasItsId) {
  // golang.org/x/mod/sumdb/note, its documentation's key: another implementation's words.
  const auto verifier = parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  ASSERT_TRUE(verifier.ok()) << verifier.error().message;
  const std::string note =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n"
      "\n"
      "— PeterNeumann "
      "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  const auto text = open_note(note, *verifier);
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_NE(text->find("then you don't know"), std::string::npos);
  EXPECT_EQ(vkey_text(*verifier), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
}

TEST(TlogNote, ASignedCheckpointOpens) {
  const auto checkpoint = open_checkpoint(sample(), kVerifier);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->origin, kVerifier.name);
  EXPECT_EQ(checkpoint->size, 257U);
  EXPECT_EQ(checkpoint->root, SampleLog(257).frontier().root());
}

TEST(TlogNote, EveryFlippedBitOfACheckpointIsRefused) {
  const std::string note = sample();
  for (std::size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string changed = note;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(open_checkpoint(changed, kVerifier).ok()) << "bit " << bit;
  }
}

TEST(TlogNote, OnlyTheConfiguredKeyCounts) {
  const Identity other = Identity::from_seed(SecretBytes(sha256(as_bytes("other")).bytes));
  EXPECT_FALSE(open_note(sample(), {kVerifier.name, other.public_key()}).ok());
  EXPECT_FALSE(open_note(sample(), {"example.org/other", kVerifier.key}).ok());
  // A witness's line beside the log's own is left alone.
  const std::string cosigned = sample() + "— witness.example mJirIklj1234AAAA\n";
  EXPECT_TRUE(open_note(cosigned, kVerifier).ok());
  EXPECT_FALSE(open_note(sample() + "no signature\n", kVerifier).ok());
}

TEST(TlogNote, ACheckpointOfAnotherOriginIsRefused) {
  const std::string note =
      sign_note(checkpoint_text({"example.org/else", 1, Digest()}), kVerifier.name, kSigner);
  const auto checkpoint = open_checkpoint(note, kVerifier);
  ASSERT_FALSE(checkpoint.ok());
  EXPECT_NE(checkpoint.error().message.find("example.org/else"), std::string::npos);
}

TEST(TlogNote, MalformedCheckpointsNameTheirLine) {
  const std::string root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
  EXPECT_TRUE(parse_checkpoint("a\n1\n" + root).ok());
  EXPECT_TRUE(parse_checkpoint("a\n1\n" + root + "extension\n").ok());
  for (const std::string& text : {std::string(), std::string("a"), "\n1\n" + root, "a b\n1\n" + root,
                                  "a\n01\n" + root, "a\n-1\n" + root, "a\n18446744073709551615\n" + root,
                                  std::string("a\n1\nAAAA\n"), "a\n1\n" + root + "\n", "a\n1\n" + root + "x"})
    EXPECT_FALSE(parse_checkpoint(text).ok()) << text;
}

TEST(TlogNote, MalformedKeysSayWhy) {
  const std::string good = vkey_text(kVerifier);
  ASSERT_TRUE(parse_vkey(good).ok());
  EXPECT_EQ(*parse_vkey(good), kVerifier);
  std::string other_id = good;
  other_id[good.find('+') + 1] ^= 1;
  for (const std::string& text : {std::string(), std::string("a+b"), std::string("a b+00000000+AAAA"),
                                  other_id, good + "A", "+" + good})
    EXPECT_FALSE(parse_vkey(text).ok()) << text;
}

}  // namespace
}  // namespace reeve::tlog
