#include <archive.h>

#include "agent/image/facts.h"
#include "protocol/archive.h"
#include "protocol/bytes.h"
#include "tests/agent/image/unpack_fixture.h"

namespace reeve::agent::image {
namespace {

using samples::docker_archive;
using samples::folder;
using samples::hard_link;
using samples::link;
using samples::oci_archive;

Facts facts_in(const std::filesystem::path& image) {
  Facts facts;
  EXPECT_TRUE(from_archive(as_bytes(samples::read_file(image / kFactsName)), facts));
  return facts;
}

TEST_F(UnpackTest, LayersPackedOrNotGiveTheSameRoot) {
  for (const char* pack : {"", "gzip", "zstd"}) {
    samples::Options options;
    options.pack = pack;
    const auto done = unpack(oci_archive(
        {{folder("opt"), {"opt/tool", "#!/bin/sh\n", '0', 0755}}, {{"opt/data", "second"}}}, options));
    ASSERT_TRUE(done.ok()) << pack << ": " << done.error().message;
    EXPECT_EQ(text("opt/tool"), "#!/bin/sh\n");
    EXPECT_EQ(mode("opt/tool") & 07777, 0755U);
    EXPECT_EQ(text("opt/data"), "second");
    EXPECT_EQ(facts_in(folder_.path() / "image").environment,
              (std::vector<std::string>{"PATH=/opt/bin:/bin", "GREETING=hello=you"}));
  }
}

TEST_F(UnpackTest, WhatDockerSavesIsTaken) {
  const auto done = unpack(docker_archive({{{"a", "1"}}, {{"b", "2"}, {".wh.a", ""}}}));
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_FALSE(there("a"));
  EXPECT_EQ(text("b"), "2");
  EXPECT_EQ(facts_in(folder_.path() / "image").environment.size(), 2U);
}

TEST_F(UnpackTest, TimesOfFilesStayForPythonLooksAtThem) {
  ASSERT_TRUE(unpack(oci_archive({{{"a.py", "1"}}})).ok());
  struct stat status {};
  ASSERT_EQ(lstat((root() / "a.py").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'600'000'000);
}

TEST_F(UnpackTest, LaterLayersReplaceWhatEarlierOnesHave) {
  ASSERT_TRUE(
      unpack(oci_archive({{folder("d"), {"d/x", "1"}, {"f", "1"}, link("l", "d"), {"n", "1"}},
                          {{"d", "a file now"}, folder("f"), {"f/x", "2"}, {"l", "no link"}, {"n", "2"}}}))
          .ok());
  EXPECT_EQ(text("d"), "a file now");
  EXPECT_EQ(text("f/x"), "2");
  EXPECT_EQ(text("l"), "no link");
  EXPECT_EQ(text("n"), "2");
}

TEST_F(UnpackTest, WhiteoutsHideWhatEarlierLayersHaveAndNothingOfTheirOwn) {
  ASSERT_TRUE(unpack(oci_archive({{folder("a"),
                                   {"a/old", "1"},
                                   folder("a/deep"),
                                   {"a/deep/x", "1"},
                                   {"b", "1"},
                                   folder("c"),
                                   {"c/x", "1"}},
                                  {{"a/new", "2"},
                                   {"a/.wh..wh..opq", ""},
                                   {"a/newer", "2"},
                                   {".wh.b", ""},
                                   {".wh.c", ""},
                                   {"c/y", "2"},
                                   {".wh.missing", ""},
                                   {".wh..wh.plnk", ""}}}))
                  .ok());
  EXPECT_FALSE(there("a/old"));
  EXPECT_FALSE(there("a/deep"));
  EXPECT_EQ(text("a/new"), "2");
  EXPECT_EQ(text("a/newer"), "2");
  EXPECT_FALSE(there("b"));
  EXPECT_FALSE(there("c/x"));
  EXPECT_EQ(text("c/y"), "2");
  EXPECT_FALSE(there("a/.wh..wh..opq")) << "marks are no files";
  EXPECT_FALSE(there(".wh..wh.plnk"));
}

TEST_F(UnpackTest, FilesBehindALinkStandWhereItLeadsWithinTheRoot) {
  ASSERT_TRUE(
      unpack(oci_archive({{folder("usr"), folder("usr/bin"), link("bin", "usr/bin"), link("abs", "/usr/bin")},
                          {{"bin/x", "1"}, {"abs/y", "2"}}}))
          .ok());
  EXPECT_EQ(text("usr/bin/x"), "1");
  EXPECT_EQ(text("usr/bin/y"), "2");
  EXPECT_TRUE(std::filesystem::is_symlink(root() / "bin"));
}

TEST_F(UnpackTest, HardLinksAreOneFile) {
  ASSERT_TRUE(unpack(oci_archive({{{"a", "1"}}, {hard_link("b", "/a"), hard_link("d/c", "a")}})).ok());
  struct stat a {};
  struct stat c {};
  ASSERT_EQ(lstat((root() / "a").c_str(), &a), 0);
  ASSERT_EQ(lstat((root() / "d/c").c_str(), &c), 0);
  EXPECT_EQ(a.st_ino, c.st_ino);
  EXPECT_EQ(a.st_nlink, 3U);
}

TEST_F(UnpackTest, DevicesPipesAndModesThatRaiseRightsAreLeftOut) {
  ASSERT_TRUE(unpack(oci_archive({{{"null", "", '3', 0666},
                                   {"pipe", "", '6', 0666},
                                   {"su", "x", '0', 06755},
                                   folder("shared", 03777),
                                   {"secret", "x", '0', 0},
                                   folder("shut", 0)}}))
                  .ok());
  EXPECT_FALSE(there("null"));
  EXPECT_FALSE(there("pipe"));
  EXPECT_EQ(mode("su") & 07777, 0755U);
  EXPECT_EQ(mode("shared") & 07777, 0777U);
  EXPECT_EQ(mode("secret") & 07777, 0400U) << "the agent's user reads it still";
  EXPECT_EQ(mode("shut") & 07777, 0700U);
}

TEST_F(UnpackTest, NamesAreBytesOfUtf8) {
  ASSERT_TRUE(unpack(oci_archive({{{"größe/日本", "1"}, {std::string(200, 'n'), "long"}}})).ok());
  EXPECT_EQ(text("größe/日本"), "1");
  EXPECT_EQ(text(std::string(200, 'n')), "long");
}

TEST_F(UnpackTest, OfSeveralPlatformsThisMachinesIsTaken) {
  const std::string ours = oci_archive({{{"a", "1"}}});
  samples::Options nested;
  nested.nested = 2;
  EXPECT_TRUE(unpack(oci_archive({{{"a", "1"}}}, nested)).ok());
  samples::Options options;
  options.architecture = "s390x";
  expect_refused(oci_archive({{{"a", "1"}}}, options), "it is for linux/s390x; this machine runs linux/");
  EXPECT_TRUE(unpack(ours).ok());
}

TEST_F(UnpackTest, PlacesOfTheSandboxAreFoldersAndFilesOfTheRoot) {
  ASSERT_TRUE(unpack(oci_archive({{folder("etc"),
                                   link("etc/passwd", "/oldroot/etc/shadow"),
                                   link("tmp", "/oldroot"),
                                   folder("var"),
                                   folder("var/tmp"),
                                   {"var/tmp/left", "x"},
                                   {"etc/group", "root:x:0:\n"}}}))
                  .ok());
  for (const char* place : {"proc", "dev", "tmp", "session"})
    EXPECT_TRUE(S_ISDIR(mode(place))) << place;
  for (const char* place : {"etc/passwd", "etc/hosts", "etc/group", ".reeve-init"})
    EXPECT_TRUE(S_ISREG(mode(place))) << place;
  EXPECT_EQ(std::filesystem::read_symlink(root() / "var/tmp"), "/tmp");
  expect_refused(oci_archive({{link("etc", "/usr")}}),
                 "'etc' is no folder, and /etc/passwd is to stand in it");
}

}  // namespace
}  // namespace reeve::agent::image
