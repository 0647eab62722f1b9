#include <gtest/gtest.h>

#include "openjd/document.h"

namespace reeve::openjd {
namespace {

std::string problem_of(std::string_view text) {
  const Checked<Node> document = parse_document(text);
  EXPECT_FALSE(document) << text;
  return document ? "" : document.errors.front().problem;
}

NodeKind kind_of(const std::string& scalar) {
  const Checked<Node> document = parse_document("key: " + scalar + "\n");
  EXPECT_TRUE(document) << scalar;
  return document ? document.value->items.at(0).kind : NodeKind::kMap;
}

TEST(Document, ScalarsAreTypedAsWritten) {
  EXPECT_EQ(kind_of("5"), NodeKind::kInt);
  EXPECT_EQ(kind_of("-5"), NodeKind::kInt);
  EXPECT_EQ(kind_of("'5'"), NodeKind::kString);
  EXPECT_EQ(kind_of("!!str 5"), NodeKind::kString);
  EXPECT_EQ(kind_of("5.0"), NodeKind::kFloat);
  EXPECT_EQ(kind_of("1e3"), NodeKind::kFloat);
  EXPECT_EQ(kind_of("1e309"), NodeKind::kFloat);
  EXPECT_EQ(kind_of(".inf"), NodeKind::kFloat);
  EXPECT_EQ(kind_of("True"), NodeKind::kBool);
  EXPECT_EQ(kind_of("yes"), NodeKind::kString);
  EXPECT_EQ(kind_of("~"), NodeKind::kNull);
  EXPECT_EQ(kind_of(""), NodeKind::kNull);
  EXPECT_EQ(kind_of("1-10"), NodeKind::kString);
  EXPECT_EQ(kind_of("e5"), NodeKind::kString);
  EXPECT_EQ(kind_of("-"
                    "x"),
            NodeKind::kString);
  EXPECT_EQ(kind_of("|\n  5\n"), NodeKind::kString);
}

TEST(Document, MarksCountFromOne) {
  const Checked<Node> document = parse_document("a:\n  - x\n  - yy\n");
  ASSERT_TRUE(document);
  const Node& second = document.value->items.at(0).items.at(1);
  EXPECT_EQ(second.text, "yy");
  EXPECT_EQ(second.mark.line, 3U);
  EXPECT_EQ(second.mark.column, 5U);
}

TEST(Document, JsonIsReadWithItsEscapes) {
  const Checked<Node> document =
      parse_document("{\n\t\"a\": \"x\\/y \\ud83d\\ude00 \\\\ud83d\",\n\t\"b\":[1,\t2.5,true,null]\n}");
  ASSERT_TRUE(document);
  EXPECT_EQ(document.value->items.at(0).text, "x/y \xF0\x9F\x98\x80 \\ud83d");
  EXPECT_EQ(document.value->items.at(1).items.size(), 4U);
}

TEST(Document, RepeatedKeysAreRefusedAtAnyDepth) {
  const Checked<Node> document = parse_document("a: {b: 1, c: 2, b: 3}\nd: 1\na: 2\n");
  ASSERT_FALSE(document);
  ASSERT_EQ(document.errors.size(), 2U);
  EXPECT_NE(document.errors[0].problem.find("'b' appears twice"), std::string::npos);
  EXPECT_NE(document.errors[1].problem.find("'a' appears twice"), std::string::npos);
}

TEST(Document, AliasesStandForWhatTheyName) {
  const Checked<Node> document = parse_document("a: &x [1, &y {k: v}]\nb: *x\nc: *y\nd: &x text\ne: *x\n");
  ASSERT_TRUE(document) << document.errors.front().problem;
  const std::vector<Node>& items = document.value->items;
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[1].items.at(1).items.at(0).text, "v");
  EXPECT_EQ(items[2].keys.at(0).text, "k");
  EXPECT_EQ(items[4].text, "text") << "the later of two anchors of one name";
}

TEST(Document, AliasesThatCannotBeWrittenOutAreRefused) {
  EXPECT_NE(problem_of("a: &x [1, *x]\n").find("stands in"), std::string::npos);
  EXPECT_NE(problem_of("a: *x\n").find("neither YAML nor JSON"), std::string::npos);
  EXPECT_NE(problem_of("a: &x b\n*x : c\n").find("a key is an alias"), std::string::npos);
}

TEST(Document, AliasesMakeNothingGrow) {
  std::string values = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1) + ", ";
    std::string line = "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n)
      line += alias;
    values += line + "]\n";
  }
  EXPECT_NE(problem_of(values).find("more than 200000 values"), std::string::npos);
  const std::string large = "a: &a " + std::string(300'000, 'x') + "\nb: [*a, *a, *a, *a]\n";
  EXPECT_NE(problem_of(large).find("write out more than"), std::string::npos);
  std::string deep = "a0: &a0 [1]\n";
  for (int i = 1; i < 40; ++i)
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_NE(problem_of(deep).find("nested"), std::string::npos);
}

TEST(Document, BoundsHoldWhileReading) {
  EXPECT_NE(problem_of(std::string(2'000'000, 'x')).find("bytes"), std::string::npos);
  EXPECT_NE(problem_of(std::string(500, '[') + std::string(500, ']')).find("nested"), std::string::npos);
  std::string list = "[";
  for (int i = 0; i < 250'000; ++i)
    list += "1,";
  EXPECT_NE(problem_of(list + "1]").find("values"), std::string::npos);
}

TEST(Document, OddTextIsRefused) {
  EXPECT_NE(problem_of("a: \xff\n").find("UTF-8"), std::string::npos);
  EXPECT_NE(problem_of("a: \xed\xa0\x80\n").find("UTF-8"), std::string::npos);
  EXPECT_NE(problem_of(std::string_view("a: b\0c\n", 7)).find("UTF-8"), std::string::npos);
  EXPECT_NE(problem_of("a: \"b\\0c\"\n").find("NUL"), std::string::npos);
  EXPECT_NE(problem_of("? [a]\n: 1\n").find("key is a list"), std::string::npos);
  EXPECT_NE(problem_of("a: !!int five\n").find("tag"), std::string::npos);
  EXPECT_NE(problem_of("a: 1\n---\nb: 2\n").find("more than one document"), std::string::npos);
  EXPECT_NE(problem_of("a: [1\n").find("neither YAML nor JSON"), std::string::npos);
  EXPECT_NE(problem_of("").find("empty"), std::string::npos);
}

}  // namespace
}  // namespace reeve::openjd
