#include "tests/scheduler/core/region_fixture.h"

namespace reeve::core {
namespace {

class Registry : public RegionFixture {
 protected:
  void invite(const msg::CreateToken& token) {
    ASSERT_TRUE(std::holds_alternative<msg::Done>(command(operator_, token)));
  }
  static Error error_of(const Answer& answer) {
    const auto* error = std::get_if<Error>(&answer);
    if (error == nullptr) ADD_FAILURE() << "it was not refused";
    return error == nullptr ? Error{} : *error;
  }
};

TEST_F(Registry, ATokenEnrolsOnceAndGivesItsCredits) {
  msg::CreateToken token = invitation(Role::kRequester, "abc123");
  token.credits = 5000;
  invite(token);
  const auto enrolled = std::get<msg::Enrolled>(enrol("abc123", "ada"));
  EXPECT_EQ(enrolled.role, Role::kRequester);
  EXPECT_EQ(balance(AccountKind::kAvailable, enrolled.party), 5000);
  EXPECT_EQ(error_of(enrol("abc123", "bob")).code, ErrorCode::kExhausted);
}

TEST_F(Registry, ATokenEnrolsAsOftenAsItsUsesAllow) {
  msg::CreateToken token = invitation(Role::kRequester, "abc123");
  token.uses = 2;
  invite(token);
  EXPECT_TRUE(std::holds_alternative<msg::Enrolled>(enrol("abc123", "ada")));
  EXPECT_TRUE(std::holds_alternative<msg::Enrolled>(enrol("abc123", "bob")));
  EXPECT_EQ(error_of(enrol("abc123", "eve")).code, ErrorCode::kExhausted);
}

TEST_F(Registry, TheSameKeyIsAnsweredAgainWithoutAUse) {
  invite(invitation(Role::kRequester, "abc123"));
  const auto first = std::get<msg::Enrolled>(enrol("abc123", "ada"));
  const auto second = std::get<msg::Enrolled>(enrol("abc123", "ada"));
  EXPECT_EQ(first.party, second.party);
  EXPECT_EQ(events<PartyEnrolled>().size(), 1U);
}

TEST_F(Registry, AnExpiredTokenIsRefused) {
  invite(invitation(Role::kRequester, "abc123"));
  silence(hours(2));
  EXPECT_NE(error_of(enrol("abc123", "ada")).message.find("has expired"), std::string::npos);
}

TEST_F(Registry, AWrongSecretAndAnUnknownTokenAreRefusedAlike) {
  invite(invitation(Role::kRequester, "abc123"));
  const Error wrong = error_of(enrol("abc123", "ada", "wrong"));
  EXPECT_EQ(wrong.code, ErrorCode::kNotAllowed);
  EXPECT_EQ(error_of(enrol("zzz999", "ada")).code, wrong.code);
  EXPECT_TRUE(events<PartyEnrolled>().empty());
}

TEST_F(Registry, AnUnsignedTransportKeyIsRefused) {
  invite(invitation(Role::kRequester, "abc123"));
  EXPECT_NE(error_of(enrol("abc123", "ada", "right", false)).message.find("binding"), std::string::npos);
}

TEST_F(Registry, ANameWithControlCharactersIsRefused) {
  invite(invitation(Role::kRequester, "abc123"));
  EXPECT_NE(error_of(enrol("abc123", "a\nb")).message.find("name"), std::string::npos);
}

TEST_F(Registry, OnlyTheOperatorInvitesParties) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  for (const Role role : {Role::kRequester, Role::kOwner, Role::kReferee, Role::kOperator}) {
    EXPECT_EQ(error_of(command(ada, invitation(role, "abc123"))).code, ErrorCode::kNotAllowed);
    EXPECT_EQ(error_of(command(otto, invitation(role, "abc123"))).code, ErrorCode::kNotAllowed);
  }
  EXPECT_EQ(error_of(command(ada, invitation(Role::kAgent, "abc123"))).code, ErrorCode::kNotAllowed);
  EXPECT_EQ(error_of(command(operator_, invitation(Role::kAgent, "abc123"))).code, ErrorCode::kNotAllowed);
  EXPECT_TRUE(std::holds_alternative<msg::Done>(command(otto, invitation(Role::kAgent, "abc123"))));
}

TEST_F(Registry, ARefusedTokenNamesItsField) {
  const auto refused = [this](auto change) {
    msg::CreateToken token = invitation(Role::kRequester, "abc123");
    change(token);
    return error_of(command(operator_, token)).message;
  };
  EXPECT_NE(refused([](auto& t) { t.token_id = "ABC123"; }).find("token_id 'ABC123'"), std::string::npos);
  EXPECT_NE(refused([](auto& t) { t.uses = 0; }).find("uses 0"), std::string::npos);
  EXPECT_NE(refused([](auto& t) { t.uses = 10'001; }).find("uses 10001"), std::string::npos);
  EXPECT_NE(refused([this](auto& t) { t.expires = now_; }).find("expires"), std::string::npos);
  EXPECT_NE(refused([](auto& t) { t.credits = -1; }).find("credits -1"), std::string::npos);
  EXPECT_TRUE(events<TokenIssued>().empty());
}

TEST_F(Registry, AnOwnerCannotGiveCreditsAway) {
  const PartyId otto = owner("otto");
  msg::CreateToken token = invitation(Role::kAgent, "abc123");
  token.credits = 1;
  EXPECT_NE(error_of(command(otto, token)).message.find("credits 1"), std::string::npos);
}

TEST_F(Registry, AnAgentsKeyGivesNoCommands) {
  const PartyId otto = owner("otto");
  enrol_agent(otto, "rig");
  CommandReceived input{ConnectionId(5), key("rig"), {}, {}};
  input.command.body = msg::SubmitJob{inline_job(1), false};
  see(input);
  EXPECT_EQ(error_of(effects<SendReply>().back().reply.body).code, ErrorCode::kNotAllowed);
}

TEST_F(Registry, AStrangersCommandIsRefused) {
  CommandReceived input{ConnectionId(5), key("stranger"), {}, {}};
  input.command.body = msg::Fund{operator_, 1000};
  see(input);
  EXPECT_EQ(error_of(effects<SendReply>().back().reply.body).code, ErrorCode::kNotAllowed);
}

TEST_F(Registry, ARepeatedRequestIdDoesNothingTwice) {
  const PartyId ada = requester("ada", 1000);
  EXPECT_TRUE(std::holds_alternative<msg::Done>(repeat(operator_, msg::Fund{ada, 500}, 200)));
  EXPECT_TRUE(std::holds_alternative<msg::Done>(repeat(operator_, msg::Fund{ada, 500}, 200)));
  EXPECT_EQ(balance(AccountKind::kAvailable, ada), 1500);

  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(operator_, msg::Fund{ada, 100'000})));
  const auto first = std::get<msg::Accepted>(repeat(ada, msg::SubmitJob{inline_job(1), false}, 201));
  const auto second = std::get<msg::Accepted>(repeat(ada, msg::SubmitJob{inline_job(1), false}, 201));
  EXPECT_EQ(first.job, second.job);
  EXPECT_EQ(events<JobAccepted>().size(), 1U);
}

TEST_F(Registry, ARepeatedRequestIdIsKnownAfterARestart) {
  const PartyId ada = requester("ada", 1000);
  repeat(operator_, msg::Fund{ada, 500}, 200);
  restart();
  EXPECT_TRUE(std::holds_alternative<msg::Done>(repeat(operator_, msg::Fund{ada, 500}, 200)));
  EXPECT_EQ(balance(AccountKind::kAvailable, ada), 1500);
}

TEST_F(Registry, ARequestIdIsRememberedForSevenDays) {
  const PartyId ada = requester("ada", 1000);
  repeat(operator_, msg::Fund{ada, 500}, 200);
  silence(hours(24 * 7 - 1));
  repeat(operator_, msg::Fund{ada, 500}, 200);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada), 1500);
  EXPECT_TRUE(events<SessionsExpired>().empty());
  silence(hours(2));
  EXPECT_EQ(events<SessionsExpired>().size(), 1U);
}

TEST_F(Registry, ACommandAfterAnIdleWeekIsRemembered) {
  const PartyId ada = requester("ada", 1000);
  silence(hours(24 * 8));
  repeat(operator_, msg::Fund{ada, 500}, 200);
  pass(seconds(5));
  repeat(operator_, msg::Fund{ada, 500}, 200);
  EXPECT_EQ(balance(AccountKind::kAvailable, ada), 1500);
}

TEST_F(Registry, FundingNeedsAnAmountAndAParty) {
  const PartyId ada = requester("ada", 1000);
  EXPECT_NE(error_of(command(operator_, msg::Fund{ada, 0})).message.find("amount 0"), std::string::npos);
  EXPECT_NE(error_of(command(operator_, msg::Fund{PartyId(99), 5})).message.find("party 99"),
            std::string::npos);
  const Error refused = error_of(command(ada, msg::Fund{ada, 5}));
  EXPECT_EQ(refused.code, ErrorCode::kNotAllowed);
  EXPECT_EQ(refused.hint, "ask the region's operator");
}

TEST_F(Registry, EnrolmentBeyondWhatTheMintCanCountIsRefused) {
  const PartyId ada = requester("ada", 0);
  msg::CreateToken token = invitation(Role::kRequester, "abc123");
  token.credits = 1'000'000'000'000'000;
  invite(token);
  while (std::holds_alternative<msg::Done>(command(operator_, msg::Fund{ada, token.credits}))) {
  }
  EXPECT_EQ(error_of(enrol("abc123", "bob")).code, ErrorCode::kExhausted);
}

TEST_F(Registry, ARevokedAgentIsDroppedAndItsTasksReturn) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  const AgentId rig = join(otto, "rig");
  const JobId id = submit(ada, inline_job(5));
  ASSERT_GT(core_->running_tasks(id), 0U);
  msg::Revoke revoke;
  revoke.agent = rig;
  EXPECT_TRUE(std::holds_alternative<msg::Done>(command(otto, revoke)));
  EXPECT_EQ(core_->running_tasks(id), 0U);
  ASSERT_EQ(effects<DropPeer>().size(), 1U);
  EXPECT_EQ(effects<DropPeer>()[0].key, key("rig"));
  connect(rig);
  EXPECT_FALSE(connected(rig)) << "it does not come back";
}

TEST_F(Registry, ARevokedPartyLosesItsAgentsItsTokensAndItsRights) {
  const PartyId otto = owner("otto");
  const AgentId rig = join(otto, "rig");
  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(otto, invitation(Role::kAgent, "abc123"))));
  msg::Revoke revoke;
  revoke.party = otto;
  EXPECT_TRUE(std::holds_alternative<msg::Done>(command(operator_, revoke)));
  EXPECT_FALSE(connected(rig));
  EXPECT_EQ(effects<DropPeer>().size(), 2U);
  EXPECT_EQ(error_of(enrol("abc123", "late")).code, ErrorCode::kNotAllowed);
  EXPECT_EQ(error_of(command(otto, invitation(Role::kAgent, "abc124"))).code, ErrorCode::kNotAllowed);
}

TEST_F(Registry, ARevokedKeyThatEnrolsAgainIsRefused) {
  const PartyId otto = owner("otto");
  const AgentId rig = join(otto, "rig");
  msg::Revoke revoke;
  revoke.agent = rig;
  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(otto, revoke)));
  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(otto, invitation(Role::kAgent, "abc123"))));
  const Error of_agent = error_of(enrol("abc123", "rig"));
  EXPECT_EQ(of_agent.code, ErrorCode::kNotAllowed);
  EXPECT_NE(of_agent.message.find("revoked"), std::string::npos);
  EXPECT_NE(of_agent.hint.find("new key"), std::string::npos);
  EXPECT_TRUE(std::holds_alternative<msg::Enrolled>(enrol("abc123", "new rig"))) << "its use is left";

  revoke = {};
  revoke.party = otto;
  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(operator_, revoke)));
  invite(invitation(Role::kOwner, "abc124"));
  EXPECT_EQ(error_of(enrol("abc124", "otto")).code, ErrorCode::kNotAllowed);
  EXPECT_EQ(error_of(enrol("abc124", "new rig")).code, ErrorCode::kNotAllowed) << "his agents with him";
}

TEST(Sessions, ThoseNotHeardForLongestGoFirst) {
  constexpr std::uint64_t kMost = 1'000'000;
  Durable state;
  apply_event(state, RegionCreated{"test", {}, {}, {}, Time{1}});
  const auto hear = [&state](PartyId party, std::uint64_t session, std::int64_t at) {
    apply_event(state, Funded{party, {}, {party, session, 1, 0, Time{at}}});
  };
  const PartyId operator_id(1);
  const PartyId ada(2);
  hear(operator_id, 0, 2);
  for (std::uint64_t session = 1; session < kMost; ++session)
    hear(ada, session, static_cast<std::int64_t>(10 + session));
  hear(operator_id, 0, 10 + kMost);  // heard again
  ASSERT_EQ(state.sessions.size(), kMost);
  hear(ada, kMost, 11 + kMost);
  EXPECT_LE(state.sessions.size(), kMost);
  EXPECT_TRUE(remembered(state, operator_id, 0, 1).has_value()) << "the lowest party, but just heard";
  EXPECT_TRUE(remembered(state, ada, kMost, 1).has_value());
  EXPECT_TRUE(remembered(state, ada, kMost - 1, 1).has_value());
  EXPECT_FALSE(remembered(state, ada, 1, 1).has_value()) << "not heard for longest";
  EXPECT_GT(state.sessions.size(), kMost / 10 * 9) << "few go at a time";
}

TEST_F(Registry, AnOwnerRevokesOnlyWhatIsHis) {
  const PartyId otto = owner("otto");
  const PartyId eve = owner("eve");
  const AgentId rig = join(otto, "rig");
  msg::Revoke revoke;
  revoke.agent = rig;
  EXPECT_EQ(error_of(command(eve, revoke)).code, ErrorCode::kNotFound);
  revoke = {};
  revoke.party = otto;
  EXPECT_EQ(error_of(command(eve, revoke)).code, ErrorCode::kNotAllowed);
  EXPECT_TRUE(connected(rig));
}

TEST_F(Registry, APausedAgentGetsNothingUntilItIsWoken) {
  const PartyId ada = requester("ada");
  const PartyId otto = owner("otto");
  const AgentId rig = join(otto, "rig");
  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(otto, msg::SetAgentPaused{rig, true})));
  const JobId id = submit(ada, inline_job(5));
  EXPECT_EQ(tasks_held(rig), 0U);
  EXPECT_NE(explained(id).find("is paused"), std::string::npos);
  ASSERT_TRUE(std::holds_alternative<msg::Done>(command(otto, msg::SetAgentPaused{rig, false})));
  EXPECT_GT(tasks_held(rig), 0U);
}

}  // namespace
}  // namespace reeve::core
