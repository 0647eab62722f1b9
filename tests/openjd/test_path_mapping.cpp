#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "openjd/limits.h"
#include "openjd/path_mapping.h"

namespace reeve::openjd {
namespace {

using Rules = std::vector<PathMappingRule>;

TEST(PathMapping, TheFileNamesVersionAndRules) {
  const Rules rules = {{PathFormat::kWindows, "C:\\Users\\ann \"x\"", "/mnt/ann"},
                       {PathFormat::kPosix, "/a", "/b"}};
  const auto json = nlohmann::json::parse(encode_path_mapping(rules));
  EXPECT_EQ(json.size(), 2U);
  EXPECT_EQ(json["version"], "pathmapping-1.0");
  ASSERT_EQ(json["path_mapping_rules"].size(), 2U);
  const nlohmann::json first = {{"source_path_format", "WINDOWS"},
                                {"source_path", "C:\\Users\\ann \"x\""},
                                {"destination_path", "/mnt/ann"}};
  EXPECT_EQ(json["path_mapping_rules"][0], first);
  EXPECT_EQ(json["path_mapping_rules"][1]["source_path_format"], "POSIX");
}

TEST(PathMapping, WithoutRulesTheListIsEmpty) {
  const auto json = nlohmann::json::parse(encode_path_mapping({}));
  EXPECT_TRUE(json["path_mapping_rules"].is_array());
  EXPECT_TRUE(json["path_mapping_rules"].empty());
}

TEST(PathMapping, OddBytesStillMakeAFile) {
  const std::string file = encode_path_mapping(Rules{{PathFormat::kPosix, "/a\xff", "/b\n"}});
  EXPECT_TRUE(nlohmann::json::accept(file)) << file;
}

TEST(PathMapping, AFileOfRulesIsReadAsItIsWritten) {
  const Rules rules{{PathFormat::kPosix, "/show", "/mnt"}, {PathFormat::kWindows, "C:\\a", "/b"}};
  EXPECT_EQ(*parse_path_mapping(encode_path_mapping(rules)), rules);
  EXPECT_TRUE(parse_path_mapping("{}")->empty());
}

TEST(PathMapping, AFileThatIsNoMappingIsRefused) {
  const std::string rule =
      R"({"source_path_format": "POSIX", "source_path": "/a", "destination_path": "/b"})";
  const auto file = [](const std::string& list) {
    return R"({"version": "pathmapping-1.0", "path_mapping_rules": )" + list + "}";
  };
  ASSERT_TRUE(parse_path_mapping(file("[" + rule + "]")));
  std::string many = "[" + rule;
  for (std::size_t i = 0; i < limits::kPathMappingRules; ++i)
    many += "," + rule;
  for (const std::string& text :
       {std::string("[]"), std::string("nonsense"), std::string(R"({"version": "pathmapping-2.0"})"),
        std::string(R"({"version": "pathmapping-1.0"})"), file("{}"), file("[1]"), file(many + "]"),
        file(R"([{"source_path_format": "MAC", "source_path": "/a", "destination_path": "/b"}])"),
        file(R"([{"source_path_format": "POSIX", "destination_path": "/b"}])"),
        file(R"([{"source_path_format": "POSIX", "source_path": "/a", "destination_path": 7}])")})
    EXPECT_FALSE(parse_path_mapping(text)) << text.substr(0, 80);
}

TEST(PathMapping, TheLongestFolderThatHoldsThePathWins) {
  const Rules rules = {{PathFormat::kPosix, "/show", "/mnt/1"},
                       {PathFormat::kPosix, "/show/shot/", "/mnt/2/"}};
  EXPECT_EQ(map_path(rules, "/show/a/b"), "/mnt/1/a/b");
  EXPECT_EQ(map_path(rules, "/show/shot/a"), "/mnt/2/a");
  EXPECT_EQ(map_path(rules, "/show/shot"), "/mnt/2");
  EXPECT_EQ(map_path(rules, "/shows/a"), std::nullopt) << "whole names match";
  EXPECT_EQ(map_path(rules, "show/a"), std::nullopt) << "a relative path lies in no folder";
  EXPECT_EQ(map_path(rules, "/SHOW/a"), std::nullopt) << "POSIX paths differ by case";
  EXPECT_EQ(map_path(Rules{{PathFormat::kPosix, "/a", "/"}}, "/a/b"), "/b");
  EXPECT_EQ(map_path(Rules{{PathFormat::kPosix, "", "/x"}}, "/a"), std::nullopt);
  EXPECT_EQ(map_path({}, "/a"), std::nullopt);
}

TEST(PathMapping, WindowsPathsMatchWithoutCaseAndWithEitherSeparator) {
  const Rules rules = {{PathFormat::kWindows, "C:\\Show\\Shot", "/mnt/shot"}};
  EXPECT_EQ(map_path(rules, "c:\\show\\SHOT\\Scene\\A.blend"), "/mnt/shot/Scene/A.blend");
  EXPECT_EQ(map_path(rules, "C:/Show/Shot/a"), "/mnt/shot/a");
  EXPECT_EQ(map_path(rules, "D:\\Show\\Shot\\a"), std::nullopt);
}

}  // namespace
}  // namespace reeve::openjd
