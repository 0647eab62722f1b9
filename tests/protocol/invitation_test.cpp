#include "protocol/invitation.h"

#include <gtest/gtest.h>

#include "protocol/digest.h"

namespace reeve {
namespace {

Invitation sample() {
  Invitation invitation;
  invitation.region.host = "farm.example.org";
  invitation.region.port = 7411;
  invitation.region.server.bytes.fill(0xab);
  invitation.token = {"k3v9qa", "0123456789abcdef"};
  return invitation;
}

TEST(Invitation, ReadsBack) {
  Invitation invitation = sample();
  EXPECT_EQ(invitation_text(invitation).substr(0, 55),
            "reeve://farm.example.org:7411/k3v9qa.0123456789abcdef#a");
  for (const char* host : {"farm.example.org", "127.0.0.1", "::1", "fe80::1%eth0"}) {
    invitation.region.host = host;
    const auto parsed = parse_invitation(invitation_text(invitation));
    ASSERT_TRUE(parsed.ok()) << host << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, invitation);
  }
}

TEST(Invitation, WhatIsWrongIsNamed) {
  const std::string key = "#" + std::string(64, 'a');
  const std::string token = "/k3v9qa.0123456789abcdef";
  const struct {
    std::string text;
    const char* named;
  } cases[] = {
      {"", "reeve://"},
      {"http://h:1" + token + key, "reeve://"},
      {"reeve://h:1" + token, "server key"},
      {"reeve://h:1" + token + key + "0", "server key"},
      {"reeve://h:1" + token + "#" + std::string(64, 'g'), "server key"},
      {"reeve://h:1" + key, "token"},
      {"reeve://h:1/k3v9qa" + key, "token"},
      {"reeve://h:1/K3v9qa.0123456789abcdef" + key, "token"},
      {"reeve://h" + token + key, "port"},
      {"reeve://h:0" + token + key, "port"},
      {"reeve://h:65536" + token + key, "port"},
      {"reeve://h:1x" + token + key, "port"},
      {"reeve://:1" + token + key, "host"},
      {"reeve://a b:1" + token + key, "host"},
      {"reeve://::1:1" + token + key, "host"},
  };
  for (const auto& [text, named] : cases) {
    const auto parsed = parse_invitation(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.error().message.find(named), std::string::npos)
        << text << ": " << parsed.error().message;
    EXPECT_FALSE(parsed.error().hint.empty());
  }
}

TEST(Invitation, TokensAreWellFormedAndDiffer) {
  const Token a = make_token();
  const Token b = make_token();
  EXPECT_NE(a, b);
  const auto parsed = parse_token(token_text(a));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, a);
  EXPECT_TRUE(is_token_id(a.id));
  EXPECT_FALSE(is_token_id("abc"));
  EXPECT_FALSE(is_token_id("abcdeF"));
}

TEST(Invitation, TheRegionKnowsASecretByItsDigest) {
  EXPECT_EQ(secret_digest("0123456789abcdef"), sha256(as_bytes("0123456789abcdef")));
}

}  // namespace
}  // namespace reeve
