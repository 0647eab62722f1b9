#include "client/quantities.h"

#include <gtest/gtest.h>

namespace reeve::client {
namespace {

TEST(Durations, UnitsAddUpFromTheLargest) {
  EXPECT_EQ(parse_duration("1h30m")->ns, 5'400'000'000'000);
  EXPECT_EQ(parse_duration("90")->ns, seconds(90).ns);
  EXPECT_EQ(parse_duration("2d")->ns, hours(48).ns);
  EXPECT_EQ(parse_duration("1s250ms")->ns, 1'250'000'000);
}

TEST(Durations, AnythingElseIsRefused) {
  for (const char* text :
       {"", "h", "1x", "30m1h", "1h1h", "-5s", "1.5h", "1h30", "999999d", "99999999999999999999s", " 5s"})
    EXPECT_FALSE(parse_duration(text).ok()) << text;
}

TEST(Durations, AreShownInTwoUnits) {
  EXPECT_EQ(format_duration(hours(25)), "1d1h");
  EXPECT_EQ(format_duration(seconds(3723)), "1h2m");
  EXPECT_EQ(format_duration(seconds(45)), "45s");
  EXPECT_EQ(format_duration(milliseconds(1200)), "1.2s");
  EXPECT_EQ(format_duration(milliseconds(40)), "40ms");
}

TEST(Sizes, ArePowersOf1024) {
  EXPECT_EQ(*parse_size("8G"), 8ULL << 30);
  EXPECT_EQ(*parse_size("512"), 512U);
  EXPECT_EQ(*parse_size("3MiB"), 3ULL << 20);
  for (const char* text : {"", "G", "8X", "8GB", "1.5G", "99999999999T"})
    EXPECT_FALSE(parse_size(text).ok()) << text;
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(12), "12 B");
}

TEST(Credits, KeepSixDecimalsExactly) {
  EXPECT_EQ(*parse_credits("0.25"), 250'000);
  EXPECT_EQ(*parse_credits("100"), 100'000'000);
  EXPECT_EQ(*parse_credits("1.000001"), 1'000'001);
  for (const char* text : {"", "-1", "1.", "1.0000001", "abc", "99999999999999999999", "1,5"})
    EXPECT_FALSE(parse_credits(text).ok()) << text;
  EXPECT_EQ(format_credits(1'234'500'000), "1,234.5");
  EXPECT_EQ(format_credits(-1), "-0.000001");
  EXPECT_EQ(format_credits(INT64_MIN), "-9,223,372,036,854.775808");
}

TEST(PixelSizes, AreTwoNumbersAndAnX) {
  EXPECT_EQ(*parse_pixel_size("640x360", "size"), (PixelSize{640, 360}));
  for (const char* text : {"640", "0x5", "640x", "x360", "640x360x2", "70000x1"})
    EXPECT_FALSE(parse_pixel_size(text, "size").ok()) << text;
}

}  // namespace
}  // namespace reeve::client
