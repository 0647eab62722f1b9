#include "protocol/digest.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(Digest, MatchesTheStandardsExamples) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, PiecesGiveTheSameAsTheWhole) {
  const Bytes whole(1000, 0x5a);
  Sha256 pieces;
  for (std::size_t i = 0; i < whole.size(); i += 7)
    pieces.update(ByteView(whole).subspan(i, std::min<std::size_t>(7, whole.size() - i)));
  EXPECT_EQ(pieces.finish(), sha256(whole));
  EXPECT_EQ(pieces.finish(), sha256({})) << "finish() starts over";
}

TEST(Digest, FieldsOfAStatementDoNotRunTogether) {
  const Digest a = StatementHasher("test").text("ab").text("c").finish();
  const Digest b = StatementHasher("test").text("a").text("bc").finish();
  const Digest other_domain = StatementHasher("tess").text("ab").text("c").finish();
  EXPECT_NE(a, b);
  EXPECT_NE(a, other_domain);
}

}  // namespace
}  // namespace reeve
