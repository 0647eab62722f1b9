// Whole results: bundles, folders and files.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/compare/compare.h"
#include "tests/agent/compare/samples.h"
#include "tests/agent/temporary_folder.h"

namespace {

using namespace reeve;
using namespace reeve::agent::compare;
using namespace reeve::samples;
namespace fs = std::filesystem;

class CompareResults : public testing::Test {
 protected:
  fs::path at(const std::string& name) { return folder_.path() / name; }
  void write(const std::string& name, const Bytes& data, bool executable = false) {
    fs::create_directories(at(name).parent_path());
    std::ofstream(at(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
    fs::permissions(at(name), executable ? fs::perms(0755) : fs::perms(0644));
  }
  /// The folder of that name as a bundle beside it.
  std::string bundle(const std::string& name) {
    const auto folder = open_folder(at(name));
    const auto listed = list_files(*folder);
    const Descriptor out(::open(at(name + ".bundle").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    EXPECT_TRUE(write_bundle(*folder, listed->files, out).ok());
    return name + ".bundle";
  }
  Verdict compare(const std::string& a, const std::string& b, const std::string& how = "pixels") {
    const auto one = ResultFiles::open(at(a));
    const auto two = ResultFiles::open(at(b));
    EXPECT_TRUE(one.ok() && two.ok());
    return compare_results(*one, *two, *parse_comparison(how));
  }

  agent::TemporaryFolder folder_;
};

Bytes frame(const std::string& text, unsigned seed = 1) {
  PngForm form;
  form.text = text;
  return png(form, noise(std::size_t{16} * 12 * 3, seed));
}

TEST_F(CompareResults, EachFileIsComparedByItsKindAndTheFirstDifferenceIsNamed) {
  for (const std::string owner : {"a", "b"}) {
    write(owner + "/frames/frame_0001.png", frame("made by " + owner));
    write(owner + "/frames/frame_0002.png", frame("made by " + owner));
    write(owner + "/log.txt", {'o', 'k'});
  }
  const std::string a = bundle("a");
  EXPECT_EQ(compare(a, bundle("b")).why, "all 3 files agree");
  EXPECT_EQ(compare(a, bundle("b"), "exact").agreement, Agreement::kDiffer);
  EXPECT_TRUE(compare("a", a).same()) << "a folder equals the bundle of it";
  write("b/frames/frame_0002.png", frame("made by b", 2));
  write("b/log.txt", {'n', 'o'});
  const Verdict verdict = compare(a, bundle("b"));
  EXPECT_EQ(verdict.agreement, Agreement::kDiffer);
  EXPECT_EQ(verdict.why.find("frames/frame_0002.png: 192 of 192 pixels differ, worst by "), 0U)
      << verdict.why;
}

TEST_F(CompareResults, PathsAndExecutableBitsCount) {
  write("a/one", {1});
  write("a/two", {2});
  write("b/one", {1});
  EXPECT_EQ(compare("a", "b").why, "two: only the first has it");
  write("b/onf", {2});
  EXPECT_EQ(compare("a", "b").why, "onf: only the second has it");
  fs::remove(at("b/onf"));
  write("b/two", {2}, true);
  EXPECT_EQ(compare("a", "b").why, "two: only the second is executable");
  write("b/two", {2});
  EXPECT_TRUE(compare("a", "b").same());
}

TEST_F(CompareResults, ADifferenceIsNotHiddenBehindWhatCannotBeDecided) {
  const Bytes strange = joined(frame(""), {1});
  write("a/a.png", strange);
  write("b/a.png", joined(frame(""), {2}));
  EXPECT_EQ(compare("a", "b").agreement, Agreement::kUndecidable);
  write("a/z.png", frame("", 1));
  write("b/z.png", frame("", 2));
  EXPECT_EQ(compare("a", "b").agreement, Agreement::kDiffer);
}

TEST_F(CompareResults, ADamagedBundleDiffersFromAWholeOne) {
  write("a/one.png", frame("a"));
  const std::string a = bundle("a");
  fs::copy_file(at(a), at("cut"));
  fs::resize_file(at("cut"), fs::file_size(at("cut")) - 1);
  EXPECT_EQ(compare(a, "cut").agreement, Agreement::kDiffer);
  EXPECT_EQ(compare("cut", a).agreement, Agreement::kDiffer);
  EXPECT_TRUE(compare("cut", "cut").same());
}

TEST_F(CompareResults, PlainFilesAreComparedWhateverTheirNames) {
  write("one.png", frame("x"));
  write("other.bin", frame("y"));
  EXPECT_TRUE(compare("one.png", "other.bin").same());
  write("empty", {});
  EXPECT_EQ(compare("one.png", "empty").agreement, Agreement::kDiffer);
  EXPECT_TRUE(compare("empty", "empty").same());
}

TEST_F(CompareResults, ACommandIsNotSupportedHere) {
  write("one", {1});
  const Verdict verdict = compare("one", "one", "command:my-diff --fast");
  EXPECT_EQ(verdict.agreement, Agreement::kUndecidable);
  EXPECT_EQ(verdict.why, "comparison by a command is not supported here: 'my-diff --fast'");
}

}  // namespace
