#include "protocol/utf8.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(CleanText, LeavesTextOfEveryScriptAsItIs) {
  const std::string text = "Größe 3 → 5\tβ\n日本語 \xF0\x9F\x8E\xA8\n";
  EXPECT_EQ(clean_text(text), text);
}

TEST(CleanText, NothingOfIsLeftThatSteersATerminal) {
  EXPECT_EQ(clean_text("a\x1b[31mb\x07"), "a?[31mb?");
  EXPECT_EQ(clean_text(std::string("a\0b\x7f", 4)), "a?b?");
  EXPECT_EQ(clean_text("c1 \xC2\x9B 31m"), "c1 ?? 31m");  // CSI in one character
  EXPECT_EQ(clean_text("\xC2\xA0"), "\xC2\xA0");          // the first behind them stays
}

TEST(CleanText, BrokenSequencesLoseOnlyTheirOwnBytes) {
  EXPECT_EQ(clean_text("a\xFFz"), "a?z");
  EXPECT_EQ(clean_text("\xC3"), "?");
  EXPECT_EQ(clean_text("\xC0\xAF\xED\xA0\x80"), "?????");  // overlong; a surrogate
  EXPECT_EQ(clean_text("\xE2\x82g\xC3\xA4"), "??g\xC3\xA4");
}

TEST(CleanText, ACarriageReturnEndsALineOnce) {
  EXPECT_EQ(clean_text(" 10%\r 20%\r"), " 10%\n 20%\n");
  EXPECT_EQ(clean_text("dos\r\n"), "dos \n");
}

TEST(CleanText, HasAsManyBytesAsItsSource) {
  std::string all;
  for (int high = 0; high < 256; ++high)
    for (int low = 0; low < 256; ++low)
      all.append({static_cast<char>(high), static_cast<char>(low), 'x'});
  const std::string clean = clean_text(all);
  EXPECT_EQ(clean.size(), all.size());
  EXPECT_EQ(clean_text(clean), clean);
  for (std::size_t at = 0; at < clean.size(); at += utf8_sequence(clean, at))
    ASSERT_NE(utf8_sequence(clean, at), 0u) << at;
}

TEST(WholeUtf8, StopsBeforeASequenceThatTheEndCutsOff) {
  const std::string text = "a\xF0\x9F\x8E\xA8";
  EXPECT_EQ(whole_utf8(text), 5u);
  for (std::size_t size = 2; size < 5; ++size)
    EXPECT_EQ(whole_utf8(text.substr(0, size)), 1u) << size;
  EXPECT_EQ(whole_utf8(""), 0u);
  EXPECT_EQ(whole_utf8("a\xC3"), 1u);
  EXPECT_EQ(whole_utf8("\x80\x80\x80\x80"), 4u);  // never to be whole: no reason to wait for more
}

}  // namespace
}  // namespace reeve
