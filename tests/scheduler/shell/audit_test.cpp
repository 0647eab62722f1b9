#include "scheduler/shell/audit.h"

#include <gtest/gtest.h>

#include "scheduler/shell/event_rows.h"
#include "scheduler/shell/sqlite_journal.h"
#include "tests/scheduler/shell/region_fixture.h"

namespace reeve::shell {
namespace {

/// A region with a finished job, whose journal somebody then changes with care: every hash is made to fit.
class Audit : public RegionFixture {
 protected:
  void adjust(RegionSettings& settings) override { settings.policy.base_price = 1000; }
  void SetUp() override {
    RegionFixture::SetUp();
    assemble();
    run_job(submit(40), 40);
    stop();
    read();
  }
  std::string path() const { return dir_ + "/journal.db"; }
  void read() {
    const Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(path());
    ASSERT_TRUE(journal.ok());
    const Result<void> done = (*journal)->read(1, [&](const JournalRow& row) {
      return for_each_event(row, 1, [&](std::uint64_t, const core::Event& event) -> Result<void> {
        events_.push_back(event);
        return {};
      });
    });
    ASSERT_TRUE(done.ok());
  }
  /// The audit of a journal that holds these events, an event a row, without snapshots.
  Result<AuditReport> audit(const std::vector<core::Event>& events) {
    for (const char* suffix : {"", "-wal", "-shm"})
      std::filesystem::remove(path() + suffix);
    {
      const Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(path());
      EXPECT_TRUE(journal.ok());
      std::vector<JournalRow> rows;
      for (const core::Event& event : events) {
        frame_event(rows.emplace_back(JournalRow{rows.size() + 1, 1, {}}).events, core::encode_event(event));
      }
      EXPECT_TRUE((*journal)->append(rows).ok());
    }
    return audit_region(dir_);
  }
  template <class E>
  std::size_t first() const {
    for (std::size_t i = 0; i < events_.size(); ++i)
      if (std::holds_alternative<E>(events_[i])) return i;
    ADD_FAILURE() << "no such event";
    return 0;
  }
  /// kCorrupt, naming the event at `index` and what does not fit.
  static void expect_found(const Result<AuditReport>& audit, std::size_t index, const std::string& rule) {
    ASSERT_FALSE(audit.ok());
    EXPECT_EQ(audit.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(audit.error().message.find("event " + std::to_string(index + 1) + " "), std::string::npos)
        << audit.error().message;
    EXPECT_NE(audit.error().message.find(rule), std::string::npos) << audit.error().message;
    EXPECT_FALSE(audit.error().hint.empty());
  }
  std::vector<core::Event> events_;
};

TEST_F(Audit, AnUnchangedJournalVerifiesHoweverItsRowsAreCut) {
  const Result<AuditReport> report = audit(events_);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->settled_tasks, 40U);
}

TEST_F(Audit, OneChangedAmountIsFoundAtItsEvent) {
  const std::size_t at = first<core::Settled>();
  auto& transfer = std::get<core::PostedTransfer>(std::get<core::Settled>(events_[at]).chain.front());
  ++transfer.transfer.amount;
  expect_found(audit(events_), at, "a settlement moves its price");
}

TEST_F(Audit, AChangedPriceIsFoundAtItsEvent) {
  const std::size_t at = first<core::Settled>();
  ++std::get<core::Settled>(events_[at]).price;
  expect_found(audit(events_), at, "the price of its step");
}

TEST_F(Audit, CreditsOutOfNowhereAreFoundAtTheirEvent) {
  const std::size_t at = first<core::PartyEnrolled>();
  auto& chain = std::get<core::PartyEnrolled>(events_[at]).chain;
  ASSERT_FALSE(chain.empty());
  std::get<core::PostedTransfer>(chain.front()).transfer.amount += 5;
  expect_found(audit(events_), at, "credits of its invitation");
}

TEST_F(Audit, ARepeatedSettlementIsFoundAtItsEvent) {
  const std::size_t at = first<core::Settled>();
  events_.insert(events_.begin() + static_cast<std::ptrdiff_t>(at) + 1, events_[at]);
  expect_found(audit(events_), at + 1, "is paid once");
}

TEST_F(Audit, MoneyThatWasHeldBackIsFoundWhereTheBooksBreak) {
  const std::size_t at = first<core::Settled>();
  auto& settled = std::get<core::Settled>(events_[at]);
  ASSERT_GT(settled.fee, 0);
  --settled.fee;  // the chain still moves the whole price, but the books now count more as held
  expect_found(audit(events_), at, "held credits");
}

TEST_F(Audit, ADroppedEventIsFoundWhicheverItWas) {
  for (std::size_t at = 0; at + 1 < events_.size(); ++at) {
    std::vector<core::Event> fewer = events_;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at));
    const Result<AuditReport> report = audit(fewer);
    ASSERT_FALSE(report.ok()) << core::event_name(events_[at]) << " " << at + 1;
    EXPECT_EQ(report.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(Audit, AStartOverEventsThatDoNotFitIsRefusedByTheirNumber) {
  events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(first<core::JobAccepted>()));
  ASSERT_FALSE(audit(events_).ok());
  for (const char* file : {"view.db", "view.db-wal", "view.db-shm"})
    std::filesystem::remove(dir_ + "/" + file);
  Result<RegionDir> dir = open_region(dir_);
  ASSERT_TRUE(dir.ok());
  dir->settings.port = dir->settings.http_port = 0;
  const Result<std::unique_ptr<RegionServer>> server = RegionServer::start(std::move(*dir));
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(server.error().message.find("does not fit"), std::string::npos);
}

}  // namespace
}  // namespace reeve::shell
