#include "scheduler/core/ledger_entries.h"

#include "protocol/digest.h"
#include "tests/scheduler/core/entry_balances.h"
#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

class LedgerEntries : public RegionFixture {
 protected:
  LedgerEntries() {
    found(trusting());
    ada_ = requester("ada");
    rig_ = join(owner("otto", 2 * kMicroPerCredit), "rig", 2);
  }
  template <class Body>
  std::vector<Body> bodies() const {
    std::vector<Body> found;
    for (const tlog::Entry& entry : entries_of(journal_))
      if (const auto* body = std::get_if<Body>(&entry.body)) found.push_back(*body);
    return found;
  }
  std::vector<tlog::Entry> entries_of_event(const Event& event) const {
    EntryContext context;
    std::vector<tlog::Entry> entries;
    append_ledger_entries(context, 7, event, entries);
    return entries;
  }
  PartyId ada_;
  AgentId rig_;
};

TEST_F(LedgerEntries, TheirLinesAddUpToTheBooks) {
  submit(ada_, inline_job(30));
  submit(ada_, stored_job(3));
  work();
  const JobId cancelled = submit(ada_, inline_job(5));
  job_command(ada_, cancelled, msg::JobVerb::kCancel);
  pass(hours(100));
  const auto entries = entries_of(journal_);
  EXPECT_EQ(account_unlike_entries(entries, state().ledger), "");
  EXPECT_FALSE(bodies<tlog::Vest>().empty());
  EXPECT_FALSE(bodies<tlog::Refund>().empty());
  auto one_less = entries;
  std::erase_if(one_less, [](const auto& e) { return std::holds_alternative<tlog::Vest>(e.body); });
  EXPECT_NE(account_unlike_entries(one_less, state().ledger), "");
}

TEST_F(LedgerEntries, EveryReportIsAcknowledgedByItsSignature) {
  submit(ada_, inline_job(30));
  work();
  const auto recorded = events<ResultsRecorded>();
  const auto acknowledged = bodies<tlog::Acknowledged>();
  ASSERT_FALSE(recorded.empty());
  ASSERT_EQ(acknowledged.size(), recorded.size());
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    EXPECT_EQ(acknowledged[i].attempt, recorded[i].attempt);
    EXPECT_EQ(acknowledged[i].tasks, recorded[i].tasks);
    EXPECT_EQ(acknowledged[i].report, sha256(recorded[i].signature.bytes));
  }
}

TEST_F(LedgerEntries, ASettlementHoldsItsBreakdown) {
  const JobId id = submit(ada_, inline_job(30));
  work();
  const auto quotes = bodies<tlog::Quote>();
  ASSERT_EQ(quotes.size(), 1U);
  EXPECT_EQ(quotes[0].job, id);
  EXPECT_EQ(quotes[0].requester, ada_);
  EXPECT_EQ(quotes[0].steps, (std::vector<tlog::Quote::Step>{{30, 99'900, 1, kPrice}}));
  const auto lists = bodies<tlog::PriceList>();
  ASSERT_EQ(lists.size(), 1U);
  EXPECT_EQ(quotes[0].price_list, tlog::price_list_digest(lists[0]));
  std::uint64_t tasks = 0;
  for (const tlog::Settlement& s : bodies<tlog::Settlement>()) {
    const auto count = static_cast<MicroCredits>(count_tasks(s.tasks));
    EXPECT_EQ(s.price, kPrice);
    EXPECT_EQ(s.fee, kFee);
    EXPECT_EQ(s.price_list, quotes[0].price_list);
    ASSERT_EQ(s.lines.size(), 2U);
    EXPECT_EQ(s.lines[0].amount, kNet * count);
    EXPECT_EQ(s.lines[1].amount, kFee * count);
    tasks += static_cast<std::uint64_t>(count);
  }
  EXPECT_EQ(tasks, 30U);
}

TEST_F(LedgerEntries, ANewPriceListIsThatOfWhatFollows) {
  Policy policy = trusting();
  policy.fee_bp = 700;
  EntryContext context;
  std::vector<tlog::Entry> entries;
  append_ledger_entries(context, 1, PolicyChanged{policy}, entries);
  Settled settled;
  settled.tasks = {{0, 1}};
  settled.price = 10;
  settled.fee = 1;
  append_ledger_entries(context, 2, settled, entries);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(std::get<tlog::Settlement>(entries[1].body).price_list,
            tlog::price_list_digest(std::get<tlog::PriceList>(entries[0].body)));
}

TEST_F(LedgerEntries, KeysStandAsDigestsAndNamesNotAtAll) {
  const auto keys = bodies<tlog::KeyAdd>();
  ASSERT_EQ(keys.size(), 4U);  // operator, ada, otto, rig
  EXPECT_EQ(keys[1].transport, sha256(key("ada").bytes));
  for (const tlog::Entry& entry : entries_of(journal_)) {
    const Bytes bytes = tlog::encode_entry(entry);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (const char* name : {"ada", "otto", "rig"})
      EXPECT_EQ(text.find(name), std::string_view::npos) << tlog::entry_name(entry.body);
  }
}

TEST_F(LedgerEntries, WhatIsTooLargeForOneEntryBecomesSeveral) {
  Settled settled;
  settled.checked = 4;
  settled.price = 100;
  settled.fee = 5;
  for (std::uint32_t i = 0; i < 2 * tlog::kRangesPerEntry + 1; ++i)
    settled.tasks.push_back({2 * i, 1});
  const auto parts = entries_of_event(settled);
  ASSERT_EQ(parts.size(), 3U);
  std::uint64_t tasks = 0;
  MicroCredits paid = 0;
  std::uint32_t checked = 0;
  for (std::uint32_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].part, i);
    EXPECT_TRUE(tlog::decode_entry(tlog::encode_entry(parts[i])).ok());
    const auto& s = std::get<tlog::Settlement>(parts[i].body);
    tasks += count_tasks(s.tasks);
    paid += s.lines.at(0).amount;
    checked += s.checked;
  }
  EXPECT_EQ(tasks, settled.tasks.size());
  EXPECT_EQ(paid, 95 * static_cast<MicroCredits>(settled.tasks.size()));
  EXPECT_EQ(checked, 4U);

  OwnerConvicted convicted;
  for (TransferId i = 1; i <= 3000; ++i)
    convicted.chain.push_back(
        PostedTransfer{{i, {AccountKind::kHeld, 3}, {AccountKind::kEscrow, i}, 5, TransferCode::kClawback}});
  EXPECT_EQ(entries_of_event(convicted).size(), 3U);
}

TEST_F(LedgerEntries, WhatMovesNothingWritesNothing) {
  EXPECT_TRUE(entries_of_event(Booted{1, now_}).empty());
  EXPECT_TRUE(entries_of_event(EscrowHeld{JobId(1), {}}).empty());
  const Chain reserved{
      PendingTransfer{{1, {AccountKind::kEscrow, 1}, {AccountKind::kHeld, 3}, 5, TransferCode::kSettle}}};
  EXPECT_TRUE(entries_of_event(StoreReserved{{JobId(1), 0}, 0, {}, reserved}).empty());
}

}  // namespace
}  // namespace reeve::core
