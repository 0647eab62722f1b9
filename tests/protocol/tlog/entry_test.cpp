#include "protocol/tlog/entry.h"

#include <gtest/gtest.h>

#include "protocol/tlog/tile.h"
#include "tests/protocol/tlog/entry_samples.h"

namespace reeve::tlog {
namespace {

TEST(TlogEntry, EveryKindReadsBack) {
  const auto entries = sample_entries();
  ASSERT_EQ(entries.size(), std::variant_size_v<EntryBody>) << "one sample of each kind";
  for (const Entry& entry : entries) {
    const auto again = decode_entry(encode_entry(entry));
    ASSERT_TRUE(again.ok()) << entry_name(entry.body) << ": " << again.error().message;
    EXPECT_EQ(*again, entry) << entry_name(entry.body);
  }
}

// Logs are read for years: the bytes of an entry never change.
TEST(TlogEntry, TheBytesAreThoseOfTheDocument) {
  const Entry entry{
      5, 0, Time{1000},
      Fund{PartyId(2), {{LineCode::kFund, {AccountKind::kMint, 0}, {AccountKind::kAvailable, 2}, 300}}}};
  EXPECT_EQ(to_hex(encode_entry(entry)), "010500d00f0002010000000102d804");
  const Entry key{6, 1, Time{}, KeyRevoke{PartyId(3), AgentId(4)}};
  EXPECT_EQ(to_hex(encode_entry(key)), "010601000a0304");
}

TEST(TlogEntry, ALongerFormOfTheSameEntryIsRefused) {
  Bytes bytes = encode_entry({6, 1, Time{}, KeyRevoke{PartyId(3), AgentId(4)}});
  bytes[1] |= 0x80;  // event 6 in two bytes
  bytes.insert(bytes.begin() + 2, 0);
  const auto entry = decode_entry(bytes);
  ASSERT_FALSE(entry.ok());
  EXPECT_NE(entry.error().message.find("shortest"), std::string::npos);
}

TEST(TlogEntry, OutOfBoundsIsRefused) {
  const Line line{LineCode::kFund, {}, {AccountKind::kAvailable, 2}, 1};
  EXPECT_TRUE(decode_entry(encode_entry({1, 0, {}, Fund{PartyId(2), Lines(kLinesPerEntry, line)}})).ok());
  EXPECT_FALSE(
      decode_entry(encode_entry({1, 0, {}, Fund{PartyId(2), Lines(kLinesPerEntry + 1, line)}})).ok());
  Line none = line;
  none.amount = 0;
  EXPECT_FALSE(decode_entry(encode_entry({1, 0, {}, Fund{PartyId(2), {none}}})).ok());
  Line back = line;
  back.amount = -1;
  EXPECT_FALSE(decode_entry(encode_entry({1, 0, {}, Fund{PartyId(2), {back}}})).ok());
  Bytes later = encode_entry({1, 0, {}, Fund{PartyId(2), {line}}});
  later[0] = 2;
  const auto entry = decode_entry(later);
  ASSERT_FALSE(entry.ok());
  EXPECT_NE(entry.error().message.find("version 2"), std::string::npos);
}

TEST(TlogEntry, TheLargestEntriesFitABundle) {
  constexpr std::uint64_t kLarge = ~0ULL;
  const Line line{
      LineCode::kInsurance, {AccountKind::kInsurance, kLarge}, {AccountKind::kInsurance, kLarge}, INT64_MAX};
  Settlement settlement{
      AttemptId(kLarge), AgentId(kLarge), PartyId(kLarge), {JobId(kLarge), ~0U}, ~0U, {}, ~0U,
      INT64_MAX,         INT64_MAX,       Digest(),        {line, line}};
  settlement.tasks.resize(kRangesPerEntry, {~0U, ~0U});
  EXPECT_LE(encode_entry({kLarge, ~0U, Time{INT64_MAX}, settlement}).size(), kEntryBytes);
  EXPECT_LE(encode_entry(
                {kLarge, ~0U, Time{INT64_MAX}, Slash{PartyId(kLarge), {}, ~0U, Lines(kLinesPerEntry, line)}})
                .size(),
            kEntryBytes);
}

}  // namespace
}  // namespace reeve::tlog
