#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "client/report/html_text.h"
#include "client/report/report_page.h"
#include "client/report/timeline.h"

namespace reeve::client {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

ReportPage sample() {
  std::ifstream in(REEVE_SAMPLE_REPORT, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  auto page = parse_report_page(json);
  if (!page) ADD_FAILURE() << page.error().message;
  return page ? *page : ReportPage{};
}

TEST(Report, TheSampleShowsEveryPart) {
  const ReportPage page = sample();
  const std::string html = render_report_html(page);
  EXPECT_EQ(count(html, "loading=\"lazy\""), page.frames.size());
  std::size_t attempts = 0;
  for (const ReportAgent& agent : page.agents)
    attempts += agent.attempts.size();
  EXPECT_EQ(count(html, "<rect"), attempts);
  EXPECT_EQ(count(html, "class=\"wrong\""), 1U);
  EXPECT_EQ(count(html, "class=\"referee\""), 1U);
  EXPECT_EQ(count(html, "class=\"mark\""), 2U);
  EXPECT_EQ(count(html, "<tr>"), page.accounts.size() + 1);
  EXPECT_NE(html.find("class=\"ledger good\""), std::string::npos);
  EXPECT_NE(html.find("left:48.333%"), std::string::npos);  // 232 of 480
}

TEST(Report, NoTextOfAStrangerBecomesMarkup) {
  const std::string hostile = "<script>alert(\"x\")</script>'&";
  ReportPage page;
  page.title = page.subtitle = page.ledger_line = hostile;
  page.summary = {{hostile, hostile}};
  page.frames = {{1, "a\"onerror=alert(1).png"}};
  page.agents = {{hostile, hostile, {{0, 1, hostile, AttemptEnd::kAgreed}}}};
  page.cheat = ReportCheat{};
  page.cheat->headline = hostile;
  page.cheat->evidence = {{hostile, hostile}};
  page.accounts.emplace_back().owner = hostile;
  const std::string html = render_report_html(page);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("\"onerror"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;"), std::string::npos);
}

TEST(Report, ThePageLinksToNothingOutside) {
  ReportPage page = sample();
  page.video = "https://elsewhere.example/a.mp4";
  page.contact_sheet = "javascript:alert(1)";
  page.frames[0].image = "/etc/passwd";
  const std::string html = render_report_html(page);
  EXPECT_EQ(html.find("http"), std::string::npos);
  EXPECT_EQ(html.find("javascript"), std::string::npos);
  EXPECT_EQ(html.find("/etc/passwd"), std::string::npos);
}

TEST(Report, AFieldOfTheWrongKindIsNamed) {
  const auto refused = parse_report_page(R"({"accounts":[{"owner":"a","earned":"much"}]})");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("earned must be a whole number"), std::string::npos);
  EXPECT_FALSE(parse_report_page("not json").ok());
  EXPECT_FALSE(parse_report_page("[]").ok());
  EXPECT_FALSE(parse_report_page(R"({"agents":[{"attempts":[{"end":"won"}]}]})").ok());
}

TEST(Report, EmptyPartsAreLeftOut) {
  const std::string html = render_report_html(ReportPage{});
  EXPECT_EQ(html.find("<h2>"), std::string::npos);
  EXPECT_EQ(html.find("<video"), std::string::npos);
}

TEST(Report, CreditsAreExact) {
  EXPECT_EQ(format_credits(0), "0.00");
  EXPECT_EQ(format_credits(1), "0.000001");
  EXPECT_EQ(format_credits(-1'234'567'890'000), "\u22121,234,567.89");
  EXPECT_EQ(format_credits(INT64_MIN), "\u22129,223,372,036,854.775808");
}

TEST(Timeline, AnOwnersAgentsShareAColour) {
  const std::vector<ReportAgent> agents = {{"a1", "a", {{0, 1, "", AttemptEnd::kAgreed}}},
                                           {"b1", "b", {{0, 1, "", AttemptEnd::kAgreed}}},
                                           {"a2", "a", {{0, 1, "", AttemptEnd::kAgreed}}}};
  EXPECT_EQ(owners_of(agents), (std::vector<std::string>{"a", "b"}));
  const std::string html = render_timeline(agents);
  EXPECT_EQ(count(html, "fill=\"var(--o0)\""), 2U);
  EXPECT_EQ(count(html, "fill=\"var(--o1)\""), 1U);
}

}  // namespace
}  // namespace reeve::client
