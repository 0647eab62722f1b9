#include "protocol/prf.h"

#include <gtest/gtest.h>

#include <set>

namespace reeve {
namespace {

std::array<std::uint8_t, 32> secret(std::uint8_t fill) {
  std::array<std::uint8_t, 32> bytes;
  bytes.fill(fill);
  return bytes;
}

TEST(Prf, SameSecretRepeatsAndAnotherDiffers) {
  const Prf a(secret(1));
  const Prf again(secret(1));
  const Prf other(secret(2));
  EXPECT_EQ(a.draw(1, 7, 8), again.draw(1, 7, 8));
  EXPECT_NE(a.draw(1, 7, 8), other.draw(1, 7, 8));
}

TEST(Prf, DrawsAreTheSameInEveryRelease) {
  // From Python: key blake2b("reeve/prf/draw/v1", key=01…01)[:16], then SipHash-2-4 of two little-endian
  // words.
  EXPECT_EQ(Prf(secret(1)).draw(3, 5), 18079558340401365970u);
}

TEST(Prf, DomainCounterAndWordsAllMatter) {
  const Prf prf(secret(1));
  const std::set<std::uint64_t> draws = {prf.draw(1, 7), prf.draw(2, 7), prf.draw(1, 8), prf.draw(1, 7, 0),
                                         prf.draw(1, 7, 1)};
  EXPECT_EQ(draws.size(), 5u);
}

TEST(Prf, ChanceMeetsItsRate) {
  const Prf prf(secret(3));
  int hits = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i)
    hits += prf.chance(20'000, 1, i);
  EXPECT_NEAR(hits, 2000, 200);
  EXPECT_FALSE(prf.chance(0, 1, 1));
  EXPECT_TRUE(prf.chance(1'000'000, 1, 1));
}

TEST(Prf, BelowStaysBelowAndReachesEveryValue) {
  const Prf prf(secret(3));
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 1000; ++i)
    seen.insert(prf.below(7, 1, i));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(Prf, ATicketHoldsForItsLeaseAlone) {
  const Prf prf(secret(1));
  const AttemptId attempt = make_attempt_id(3, 9);
  const StepRef step{JobId(5), 1};
  const auto ticket = prf.ticket(attempt, AgentId(2), step, {10, 20}, 0);
  EXPECT_TRUE(prf.ticket_holds(ticket, attempt, AgentId(2), step, {10, 20}, 0));
  EXPECT_FALSE(prf.ticket_holds(ticket, AttemptId(1), AgentId(2), step, {10, 20}, 0));
  EXPECT_FALSE(prf.ticket_holds(ticket, attempt, AgentId(3), step, {10, 20}, 0));
  EXPECT_FALSE(prf.ticket_holds(ticket, attempt, AgentId(2), {JobId(6), 1}, {10, 20}, 0));
  EXPECT_FALSE(prf.ticket_holds(ticket, attempt, AgentId(2), step, {10, 21}, 0));
  EXPECT_FALSE(prf.ticket_holds(ticket, attempt, AgentId(2), step, {10, 20}, 1));
  EXPECT_FALSE(Prf(secret(2)).ticket_holds(ticket, attempt, AgentId(2), step, {10, 20}, 0));
}

}  // namespace
}  // namespace reeve
