#include "protocol/base64.h"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(Base64, TheTextsOfTheRfcReadAndWrite) {
  for (const auto& [text, encoded] : {std::pair{"", ""},
                                      {"f", "Zg=="},
                                      {"fo", "Zm8="},
                                      {"foo", "Zm9v"},
                                      {"foobar", "Zm9vYmFy"},
                                      {"\xff\xff\xbe", "//++"}}) {
    EXPECT_EQ(to_base64(as_bytes(text)), encoded);
    const auto bytes = from_base64(encoded);
    ASSERT_TRUE(bytes.has_value()) << encoded;
    EXPECT_EQ(std::string(bytes->begin(), bytes->end()), text);
  }
}

TEST(Base64, OneTextForEachValue) {
  for (const char* text :
       {"Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Z-8=", "Zg===", "=", "\xaf\xaf++", "//\xab+"})
    EXPECT_FALSE(from_base64(text).has_value()) << text;
}

}  // namespace
}  // namespace reeve
