#include "protocol/tlog/tile.h"

#include <gtest/gtest.h>

#include "tests/protocol/tlog/sample_log.h"

namespace reeve::tlog {
namespace {

TEST(TlogTile, PathsAreThoseOfTheSpecification) {
  EXPECT_EQ(tile_path({false, 0, 1234067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({false, 1, 0, 17}), "tile/1/000.p/17");
  EXPECT_EQ(tile_path({true, 0, 999, 256}), "tile/entries/999");
  EXPECT_EQ(tile_path({true, 0, 1000, 1}), "tile/entries/x001/000.p/1");
}

TEST(TlogTile, PathsReadBack) {
  for (const std::uint64_t number : {0ULL, 1ULL, 999ULL, 1000ULL, 1234067ULL, 1ULL << 53})
    for (const unsigned width : {1U, 255U, 256U})
      for (const bool entries : {false, true}) {
        const TileName name{entries, entries ? 0U : 3U, number, width};
        EXPECT_EQ(parse_tile_path(tile_path(name)), name) << tile_path(name);
      }
}

TEST(TlogTile, OtherPathsAreRefused) {
  for (const char* path :
       {"", "tile", "tile/0", "tile/0/", "tile/64/000", "tile/00/000", "tile/-1/000", "tile/0/0",
        "tile/0/0000", "tile/0/x000/001", "tile/0/001/x002", "tile/0/000.p/0", "tile/0/000.p/256",
        "tile/0/000.p/01", "tile/0/000.p/", "tile/0/../checkpoint", "tile/entries/000/",
        "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/000.p/1.p/2"})
    EXPECT_FALSE(parse_tile_path(path).has_value()) << path;
}

TEST(TlogTile, ATreesFilesAreNamed) {
  std::vector<std::string> names;
  const auto done = for_each_tile(70000, [&](const TileName& name) -> Result<void> {
    names.push_back(tile_path(name));
    return {};
  });
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(names.size(), 273U + 1 + 1 + 1 + 1 + 273 + 1);
  for (const char* name : {"tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17",
                           "tile/2/000.p/1", "tile/entries/273.p/112"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
}

TEST(TlogTile, BundlesHoldEntriesAndNothingElse) {
  Bytes bundle;
  append_entry(bundle, as_bytes("one"));
  append_entry(bundle, {});
  append_entry(bundle, Bytes(kEntryBytes, 7));
  const auto entries = split_bundle(bundle, 3);
  ASSERT_TRUE(entries.has_value());
  EXPECT_EQ(entries->at(0).size(), 3U);
  EXPECT_EQ(entries->at(1).size(), 0U);
  EXPECT_EQ(entries->at(2).size(), kEntryBytes);
  EXPECT_FALSE(split_bundle(bundle, 2).has_value());
  EXPECT_FALSE(split_bundle(bundle, 4).has_value());
  bundle.pop_back();
  EXPECT_FALSE(split_bundle(bundle, 3).has_value());
}

TEST(TlogTile, ATileOfTheWrongLengthIsNamed) {
  const auto reader = read_tiles([](const TileName&) -> Result<Bytes> { return Bytes(31); }, 300);
  const auto root = tree_root(reader, 300);
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(root.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(root.error().message.find("tile/1/000.p/1"), std::string::npos) << root.error().message;
}

}  // namespace
}  // namespace reeve::tlog
