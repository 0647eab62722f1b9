#include "client/selectors.h"

#include <gtest/gtest.h>

namespace reeve::client {
namespace {

using Ids = std::vector<std::uint64_t>;

Ids selected(const char* text, const Ids& known) {
  const auto selector = parse_selector(text);
  if (!selector) return {};
  const auto ids = select_ids(*selector, known);
  return ids ? *ids : Ids{};
}

TEST(Selectors, ListsAndRangesNameEachIdOnce) {
  EXPECT_EQ(selected("5", {}), (Ids{5}));
  EXPECT_EQ(selected("1,3,5-8", {}), (Ids{1, 3, 5, 6, 7, 8}));
  EXPECT_EQ(selected("3,2-4", {}), (Ids{3, 2, 4}));
}

TEST(Selectors, LastIsTheNewestAndAllIsEveryone) {
  EXPECT_EQ(selected("last", {9, 4, 2}), (Ids{9}));
  EXPECT_EQ(selected("all", {9, 4, 2}), (Ids{9, 4, 2}));
}

TEST(Selectors, LastOfNothingIsNotFound) {
  const auto ids = select_ids(*parse_selector("last"), {});
  ASSERT_FALSE(ids.ok());
  EXPECT_EQ(ids.error().code, ErrorCode::kNotFound);
}

TEST(Selectors, NonsenseIsRefused) {
  for (const char* text : {"", ",", "1,", "0", "8-5", "-3", "1-", "a", "1 2", "1-99999999"})
    EXPECT_FALSE(parse_selector(text).ok()) << text;
}

}  // namespace
}  // namespace reeve::client
