#include "scheduler/core/ledger.h"

#include <gtest/gtest.h>

namespace reeve::core {
namespace {

constexpr AccountKey kMint{AccountKind::kMint, 0};
constexpr AccountKey kFunds{AccountKind::kAvailable, 2};
constexpr AccountKey kEscrow{AccountKind::kEscrow, 1};
constexpr AccountKey kHeld{AccountKind::kHeld, 3};

class LedgerFixture : public ::testing::Test {
 protected:
  LedgerFixture() { ledger_.post({move(kMint, kFunds, 1000)}); }

  Transfer transfer(AccountKey from, AccountKey to, MicroCredits amount, TransferId ahead = 0) const {
    return {ledger_.next_id() + ahead, from, to, amount, TransferCode::kFund};
  }
  LedgerEntry move(AccountKey from, AccountKey to, MicroCredits amount, TransferId ahead = 0) const {
    return PostedTransfer{transfer(from, to, amount, ahead)};
  }
  LedgerEntry reserve(AccountKey from, AccountKey to, MicroCredits amount, TransferId ahead = 0) const {
    return PendingTransfer{transfer(from, to, amount, ahead)};
  }
  /// Refuses the chain for a reason that says `why`, and changes nothing.
  void expect_refused(const Chain& chain, const std::string& why) {
    const Bytes before = to_archive(ledger_);
    const std::string reason = ledger_.why_not(chain);
    EXPECT_NE(reason.find(why), std::string::npos) << "'" << reason << "' does not say '" << why << "'";
    EXPECT_EQ(to_archive(ledger_), before);
  }
  void TearDown() override { EXPECT_EQ(ledger_.broken_invariant(), ""); }

  Ledger ledger_;
};

TEST_F(LedgerFixture, TransferMovesFromDebitToCredit) {
  ledger_.post({move(kFunds, kEscrow, 300)});
  EXPECT_EQ(ledger_.account(kFunds).balance(), 700);
  EXPECT_EQ(ledger_.account(kEscrow).balance(), 300);
  EXPECT_EQ(ledger_.account(kMint).balance(), -1000);
}

TEST_F(LedgerFixture, AmountsArePositive) {
  expect_refused({move(kFunds, kEscrow, 0)}, "amount 0");
  expect_refused({move(kFunds, kEscrow, -5)}, "amount -5");
}

TEST_F(LedgerFixture, IdsFollowOneAnother) {
  expect_refused({move(kFunds, kEscrow, 1, 1)}, "is not the next");
  expect_refused({move(kFunds, kEscrow, 1), move(kFunds, kEscrow, 1)}, "is not the next");
  EXPECT_EQ(ledger_.why_not({move(kFunds, kEscrow, 1), move(kFunds, kEscrow, 1, 1)}), "");
}

TEST_F(LedgerFixture, NobodyPaysHimself) {
  expect_refused({move(kFunds, kFunds, 1)}, "one account");
}

TEST_F(LedgerFixture, OnlyTheMintGoesBelowZero) {
  expect_refused({move(kFunds, kEscrow, 1001)}, "available of 2 has 1000, 1001 asked");
  expect_refused({move(kHeld, kFunds, 1)}, "held of 3 has 0");
}

TEST_F(LedgerFixture, AReservationCannotBeSpentTwice) {
  ledger_.post({reserve(kFunds, kHeld, 600)});
  EXPECT_EQ(ledger_.account(kFunds).balance(), 1000) << "nothing moved yet";
  EXPECT_EQ(ledger_.account(kFunds).available(), 400);
  EXPECT_EQ(ledger_.account(kHeld).balance(), 0);
  expect_refused({move(kFunds, kEscrow, 401)}, "has 400");
}

TEST_F(LedgerFixture, ReservedCreditsCannotBeSpentByTheirReceiver) {
  ledger_.post({reserve(kFunds, kHeld, 600)});
  expect_refused({move(kHeld, kEscrow, 1)}, "held of 3 has 0");
}

TEST_F(LedgerFixture, PostingAPartReleasesTheRest) {
  const TransferId pending = ledger_.next_id();
  ledger_.post({reserve(kFunds, kHeld, 600)});
  ledger_.post({PostPending{ledger_.next_id(), pending, 250}});
  EXPECT_EQ(ledger_.account(kHeld).balance(), 250);
  EXPECT_EQ(ledger_.account(kFunds).available(), 750);
  EXPECT_TRUE(ledger_.pending().empty());
}

TEST_F(LedgerFixture, PostingMoreThanWasReservedIsRefused) {
  const TransferId pending = ledger_.next_id();
  ledger_.post({reserve(kFunds, kHeld, 600)});
  expect_refused({PostPending{ledger_.next_id(), pending, 601}}, "posts more");
}

TEST_F(LedgerFixture, AVoidedReservationMovesNothing) {
  const TransferId pending = ledger_.next_id();
  ledger_.post({reserve(kFunds, kHeld, 600)});
  ledger_.post({VoidPending{ledger_.next_id(), pending}});
  EXPECT_EQ(ledger_.account(kFunds).available(), 1000);
  EXPECT_EQ(ledger_.account(kHeld), Account{});
}

TEST_F(LedgerFixture, APendingTransferIsResolvedOnce) {
  const TransferId pending = ledger_.next_id();
  ledger_.post({reserve(kFunds, kHeld, 600)});
  const TransferId next = ledger_.next_id();
  expect_refused({PostPending{next, pending, 1}, VoidPending{next + 1, pending}}, "is resolved once");
  ledger_.post({PostPending{next, pending, 600}});
  expect_refused({VoidPending{ledger_.next_id(), pending}}, "is not open");
}

TEST_F(LedgerFixture, AChainHappensWhollyOrNotAtAll) {
  const Chain chain{move(kFunds, kEscrow, 900), move(kEscrow, kHeld, 900, 1), move(kFunds, kHeld, 101, 2)};
  expect_refused(chain, "available of 2 has 100");
  EXPECT_DEATH(ledger_.post(chain), "available of 2 has 100");
}

TEST_F(LedgerFixture, LaterEntriesSeeTheEarlierOnesOfTheirChain) {
  ledger_.post({move(kFunds, kEscrow, 900), move(kEscrow, kHeld, 900, 1)});
  EXPECT_EQ(ledger_.account(kHeld).balance(), 900);
}

TEST_F(LedgerFixture, ASumThatWouldOverflowIsRefused) {
  ledger_.post({move(kMint, kEscrow, INT64_MAX - 1000)});
  expect_refused({move(kMint, kHeld, 1)}, "overflows");
}

TEST_F(LedgerFixture, AClosedAccountIsForgottenAndTheBooksStillBalance) {
  ledger_.post({move(kFunds, kEscrow, 300), move(kEscrow, kHeld, 300, 1)});
  ledger_.close(kEscrow);
  EXPECT_FALSE(ledger_.accounts().contains(kEscrow));
  EXPECT_EQ(ledger_.broken_invariant(), "");
}

TEST_F(LedgerFixture, AnAccountThatHoldsSomethingIsNotClosed) {
  ledger_.post({move(kFunds, kEscrow, 300)});
  EXPECT_DEATH(ledger_.close(kEscrow), "holds zero");
}

TEST_F(LedgerFixture, AnAccountWithAReservationIsNotClosed) {
  ledger_.post({reserve(kFunds, kHeld, 1000)});
  EXPECT_DEATH(ledger_.close(kHeld), "holds zero");
}

TEST_F(LedgerFixture, EqualLedgersGiveEqualBytesAndComeBack) {
  ledger_.post({reserve(kFunds, kHeld, 600)});
  const Bytes bytes = to_archive(ledger_);
  Ledger back;
  ASSERT_TRUE(from_archive(ByteView(bytes), back));
  EXPECT_EQ(to_archive(back), bytes);
  EXPECT_EQ(back.pending().size(), 1U);
}

TEST_F(LedgerFixture, AnUnbalancedLedgerIsSeen) {
  // A stored ledger with one account more than its entries explain.
  std::map<AccountKey, Account> accounts{{kFunds, Account{0, 0, 0, 5}}};
  const std::map<TransferId, Transfer> pending;
  const TransferId next = 1;
  Writer writer;
  writer(accounts, pending, next, Account{});
  Ledger broken;
  ASSERT_TRUE(from_archive(ByteView(writer.bytes()), broken));
  EXPECT_EQ(broken.broken_invariant(), "sum of posted debits = sum of posted credits");
}

}  // namespace
}  // namespace reeve::core
