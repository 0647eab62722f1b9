#include "agent/image/bounds.h"
#include "agent/image/layer.h"
#include "agent/image/places.h"
#include "tests/agent/image/unpack_fixture.h"

namespace reeve::agent::image {
namespace {

using samples::docker_archive;
using samples::folder;
using samples::hard_link;
using samples::link;
using samples::oci_archive;

TEST_F(UnpackTest, APathThatClimbsIsRefused) {
  for (const char* path : {"../outside/new", "a/../../outside/new", "./a/..", ".."})
    expect_refused(oci_archive({{folder("a"), {path, "x"}}}), "climbs");
  expect_refused(oci_archive({{folder("a"), {"a/.wh...", ""}}}), "names no file");
}

TEST_F(UnpackTest, AnAbsolutePathIsOneOfTheRoot) {
  ASSERT_TRUE(unpack(oci_archive({{{(outside() / "new").string(), "x"}, {"//etc/motd", "y"}}})).ok());
  EXPECT_EQ(text(outside().string().substr(1) + "/new"), "x");
  EXPECT_EQ(text("etc/motd"), "y");
}

TEST_F(UnpackTest, NoLinkLeadsAWriteOutOfTheRoot) {
  const std::string there = outside().string();
  // Absolute: there is no such folder in the root.
  expect_refused(oci_archive({{link("out", there), {"out/new", "x"}}}), "leads nowhere");
  // Climbing: the root has no folder above it.
  ASSERT_TRUE(unpack(oci_archive({{link("up", "../../../../../../../.."), {"up/new", "x"}}})).ok());
  EXPECT_EQ(text("new"), "x");
  // A link as the last name is replaced.
  ASSERT_TRUE(
      unpack(oci_archive({{link("kept", there + "/kept"), {"kept", "x"}}, {link("l", there)}, {{"l", "x"}}}))
          .ok());
  EXPECT_EQ(text("kept"), "x");
  // A second name of a link is that link, not what it leads to.
  ASSERT_TRUE(unpack(oci_archive({{link("l", there + "/kept"), hard_link("m", "l"), {"m", "x"}}})).ok());
  // A folder over a link to one.
  ASSERT_TRUE(unpack(oci_archive({{link("d", there)}, {folder("d"), {"d/new", "x"}}})).ok());
  // Whiteouts through links.
  ASSERT_TRUE(unpack(oci_archive({{link("o", there), link("u", "../../outside")},
                                  {{"o/.wh.kept", ""}, {"o/.wh..wh..opq", ""}, {"u/.wh.kept", ""}}}))
                  .ok());
}

TEST_F(UnpackTest, AHardLinkOutOfTheRootIsRefused) {
  const std::string kept = (outside() / "kept").string();
  expect_refused(oci_archive({{hard_link("a", "../outside/kept")}}), "climbs");
  expect_refused(oci_archive({{hard_link("a", kept)}}), "which is not there");
  expect_refused(oci_archive({{link("l", outside()), hard_link("a", "l/kept")}}), "which is not there");
  expect_refused(oci_archive({{folder("d"), hard_link("a", "d")}}), "not permitted");
  expect_refused(oci_archive({{hard_link("a", "a")}}), "itself");
}

TEST_F(UnpackTest, LoopsOfLinksEnd) {
  expect_refused(oci_archive({{link("a", "b"), link("b", "a"), {"a/x", "1"}}}), "symbolic links");
}

TEST_F(UnpackTest, EveryDigestIsChecked) {
  const std::vector<samples::Entry> layer{{"a", "1"}};
  const std::string digest = samples::hex_digest(samples::tar(layer));
  const std::string other = samples::hex_digest("other");
  samples::Options options;
  options.replaced = {{"diff " + digest, other}};
  expect_refused(oci_archive({layer}, options), "layer 1 unpacks to the digest " + digest);
  expect_refused(docker_archive({layer}, options), "layer 1 unpacks to the digest " + digest);
  // A blob whose bytes are another's.
  std::string archive = oci_archive({layer});
  const std::size_t at = archive.find("\"GREETING");
  archive[at + 1] = 'X';
  expect_refused(archive, "has the digest");
  archive = oci_archive({{{"a", "the text of a file"}}});
  archive[archive.find("the text")] = 'T';
  expect_refused(archive, "layer 1 has the digest");
}

TEST_F(UnpackTest, WhatIsMissingOrDamagedIsNamed) {
  const std::vector<samples::Entry> layer{{"a", "1"}};
  const std::string blob = "blobs/sha256/" + samples::hex_digest(samples::tar(layer));
  samples::Options options;
  options.without = blob;
  expect_refused(oci_archive({layer}, options), "'" + blob + "' is not in its archive");
  options.without = "1/layer.tar";
  expect_refused(docker_archive({layer}, options), "'1/layer.tar' is not in its archive");
  expect_refused("", "no tar archive");
  expect_refused("no archive at all", "no tar archive");
  expect_refused(samples::archive({{"readme", "x"}}), "neither an index.json nor a manifest.json");
  expect_refused(samples::archive({{"index.json", "{"}}), "'index.json' is no JSON");
  expect_refused(samples::archive({{"index.json", R"({"manifests":[]})"}}), "names no manifest");
  expect_refused(samples::archive({{"index.json", R"({"manifests":[{"digest":"md5:1"}]})"}}), "no sha256");
  expect_refused(samples::archive({{"manifest.json", "[1,2]"}}), "names 2 images");
  const std::string whole = oci_archive({{{"a", std::string(100'000, 'x')}}});
  EXPECT_NE(refused(whole.substr(0, whole.size() / 2)), "");
}

TEST_F(UnpackTest, IndexesThatNameIndexesEnd) {
  samples::Options options;
  options.nested = 8;
  expect_refused(oci_archive({{{"a", "1"}}}, options), "indexes");
}

TEST_F(UnpackTest, ABombIsRefusedBeforeItFillsTheDisk) {
  samples::Options options;
  for (const char* pack : {"gzip", "zstd"}) {
    options.pack = pack;
    const auto done = unpack(oci_archive({{{"zeros", std::string(8U << 20, '\0')}}}, options), 1U << 20);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::kExhausted) << done.error().message;
  }
  // A file that is nearly all hole takes nothing in an archive.
  const auto done = unpack(oci_archive({{{"hole", "x", '0', 0644, 1LL << 40}}}));
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kExhausted) << done.error().message;
}

TEST_F(UnpackTest, WhatStandsBehindALayersLastEntryIsCountedToo) {
  const std::string stored =
      samples::packed(samples::tar({{"a", "1"}}) + std::string(8U << 20, '\0'), "gzip");
  auto root = RootFolder::make(folder_.path() / "root");
  ASSERT_TRUE(root.ok());
  Budget budget{10, 1U << 20, 1U << 20};
  bool given = false;
  const auto pull = [&]() -> Result<ByteView> {
    return std::exchange(given, true) ? ByteView() : as_bytes(stored);
  };
  const auto applied = apply_layer(pull, *root, budget);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, ErrorCode::kExhausted);
}

TEST_F(UnpackTest, EntriesLayersAndVariablesAreCounted) {
  const std::string layer = samples::tar({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  auto root = RootFolder::make(folder_.path() / "root");
  ASSERT_TRUE(root.ok());
  Budget budget{2, 1U << 20, 1U << 20};
  bool given = false;
  const auto pull = [&]() -> Result<ByteView> {
    return std::exchange(given, true) ? ByteView() : as_bytes(layer);
  };
  const auto applied = apply_layer(pull, *root, budget);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, ErrorCode::kExhausted);
  expect_refused(oci_archive(samples::Layers(bounds::kLayers + 1, {{"a", "1"}})), "it has 129 layers");
  samples::Options options;
  options.environment = "[\"A=" + std::string(bounds::kVariableBytes, 'x') + "\"]";
  expect_refused(oci_archive({{{"a", "1"}}}, options), "variables");
  std::vector<std::pair<std::string, std::string>> files;
  for (std::size_t i = 0; i <= bounds::kArchiveEntries; ++i)
    files.emplace_back("f" + std::to_string(i), "");
  expect_refused(samples::archive(files), "more than 1024 entries");
}

TEST_F(UnpackTest, DeepAndLongPathsAreRefused) {
  std::string deep = "a";
  for (std::size_t i = 0; i < bounds::kFoldersDeep; ++i)
    deep += "/a";
  expect_refused(oci_archive({{{deep, "x"}}}), "folders deep");
  expect_refused(oci_archive({{{std::string(300, 'n'), "x"}}}), "too long");
  // Deeper through links than any one path is.
  std::string half = "a";
  for (std::size_t i = 1; i < bounds::kFoldersDeep / 2 + 10; ++i)
    half += "/a";
  EXPECT_TRUE(
      unpack(oci_archive({{folder(half), link("l", half), folder("l/" + half)}, {{".wh.a", ""}}})).ok());
}

TEST_F(UnpackTest, ARootIsRefusedWhoseMountsWouldFollowLinks) {
  ASSERT_TRUE(unpack(oci_archive({{{"a", "1"}}})).ok());
  ASSERT_TRUE(check_places(root()).ok());
  std::filesystem::remove(root() / "etc/passwd");
  std::filesystem::create_symlink(outside() / "kept", root() / "etc/passwd");
  EXPECT_EQ(check_places(root()).error().code, ErrorCode::kCorrupt);
  std::filesystem::remove_all(root() / "etc");
  std::filesystem::create_directory_symlink(outside(), root() / "etc");
  EXPECT_FALSE(check_places(root()).ok());
  std::filesystem::create_directory_symlink("/", folder_.path() / "host");
  EXPECT_FALSE(check_places(folder_.path() / "host").ok()) << "the root itself is a link";
}

}  // namespace
}  // namespace reeve::agent::image
