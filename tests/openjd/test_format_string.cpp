#include <gtest/gtest.h>

#include <map>

#include "openjd/format_string.h"

namespace reeve::openjd {
namespace {

using Values = std::map<std::string, std::string>;

class Named : public Symbols {
 public:
  explicit Named(Values values) : values_(std::move(values)) {}
  std::optional<std::string_view> value(const Reference& reference) const override {
    const auto found = values_.find(full_name(reference));
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }

 private:
  Values values_;
};

FormatString parsed(std::string_view text) {
  Result<FormatString> result = FormatString::parse(text);
  EXPECT_TRUE(result) << text;
  return result ? *std::move(result) : FormatString{};
}

TEST(FormatString, ReplacesEachReferenceByItsValue) {
  const Named symbols(Values{{"Param.A", "1"}, {"Task.Param.B", ""}, {"Session.WorkingDirectory", "/w"}});
  EXPECT_EQ(parsed("{{Param.A}}").resolve(symbols), "1");
  EXPECT_EQ(parsed("a{{ Param.A }}b{{Task.Param.B}}c{{\tSession.WorkingDirectory }}").resolve(symbols),
            "a1bc/w");
  EXPECT_EQ(parsed("{{Param.A}}{{Param.A}}").resolve(symbols), "11");
}

TEST(FormatString, WithoutReferencesItIsItsText) {
  for (const std::string text : {"", "plain", "{ single } braces {a}", "é {"}) {
    EXPECT_TRUE(parsed(text).is_constant());
    EXPECT_EQ(parsed(text).resolve(Named(Values{})), text);
  }
}

TEST(FormatString, ValuesAreNeverReadAsFormat) {
  const Named symbols(Values{{"Param.A", "{{Param.B}}"}});
  EXPECT_EQ(parsed("{{Param.A}}").resolve(symbols), "{{Param.B}}");
  EXPECT_TRUE(parsed("{{Param.A}}").fold(symbols).is_constant());
}

TEST(FormatString, FoldingKeepsWhatIsNotKnownYet) {
  const FormatString folded =
      parsed("x{{Param.A}}y{{Task.Param.F}}z{{Param.A}}").fold(Named(Values{{"Param.A", "1"}}));
  EXPECT_EQ(folded.source(), "x1y{{Task.Param.F}}z1");
  EXPECT_EQ(folded.resolve(Named(Values{{"Task.Param.F", "7"}})), "x1y7z1");
}

TEST(FormatString, OnlyDottedNamesOfKnownScopesStandInBraces) {
  for (const std::string text :
       {"{{", "}}", "{{}}", "{{Param}}", "{{Param.}}", "{{Param.A.B}}", "{{Param. A}}", "{{param.A}}",
        "{{Task.A}}", "{{Session}}", "{{Session.Id}}", "{{Param.A}", "}}{{Param.A}}", "{{{Param.A}}}",
        "{{Param.1}}", "{{Param.A}} }}", "{{Param.A + 1}}"}) {
    EXPECT_FALSE(FormatString::parse(text)) << text;
  }
}

}  // namespace
}  // namespace reeve::openjd
