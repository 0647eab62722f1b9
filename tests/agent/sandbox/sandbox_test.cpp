#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "agent/sandbox/log.h"
#include "agent/sandbox/scratch.h"
#include "tests/agent/sandbox/sandbox_fixture.h"

namespace reeve::agent::sandbox {
namespace {

TEST_F(SandboxTest, ProgramRunsAndItsOutputComesBack) {
  Command echo = command("echo", {"hello", "two words"});
  echo.keep_output = true;
  const Outcome outcome = run(echo);
  EXPECT_TRUE(outcome.good()) << outcome.how << outcome.log;
  EXPECT_EQ(std::string(outcome.output.begin(), outcome.output.end()), "hello two words\n");
}

TEST_F(SandboxTest, ExitStatusAndSignalAreToldApart) {
  const Outcome status = shell("echo going; exit 7");
  EXPECT_EQ(status.exit_status, 7);
  EXPECT_EQ(status.how, "exit status 7");
  EXPECT_EQ(status.log, "going\n");
  const Outcome signal = shell("kill -SEGV $$");
  EXPECT_EQ(signal.how, "signal 11 (Segmentation fault)");
}

TEST_F(SandboxTest, MissingProgramIsTheTasksFaultAndNamed) {
  const Outcome outcome = run(command("no-such-program", {}));
  EXPECT_FALSE(outcome.good());
  EXPECT_NE(outcome.log.find("no-such-program"), std::string::npos) << outcome.log;
}

TEST_F(SandboxTest, WorkingDirectoryIsKeptAndTheRestIsNot) {
  EXPECT_TRUE(shell("echo kept > made; echo x > /tmp/gone; pwd > where").good());
  std::ifstream where(work_ / "where");
  std::string line;
  std::getline(where, line);
  EXPECT_EQ(line, "/session");
  EXPECT_TRUE(std::filesystem::exists(work_ / "made"));
  EXPECT_FALSE(shell("test -e /tmp/gone").good());
}

TEST_F(SandboxTest, AWorkingDirectoryIsLookedAtAfterwardsUnlessItIsKnownToBeAsItWas) {
  bounds_.files = 3;
  Command many = command("/bin/bash", {"-c", "touch 1 2 3 4"});
  many.untouched = [] { return false; };
  EXPECT_EQ(run(many).exceeded, Bound::kFiles);
  bool asked = false;
  many.untouched = [&asked] { return asked = true; };
  EXPECT_TRUE(run(many).good());
  EXPECT_TRUE(asked);
}

TEST_F(SandboxTest, NothingOfTheCallersEnvironmentOrDescriptorsIsSeen) {
  const int leak = open("/etc/passwd", O_RDONLY);  // inheritable, as another library's might be
  setenv("REEVE_SECRET", "secret", 1);
  const Outcome outcome = shell("env; ls /proc/self/fd | sort -n | tr '\\n' ' '");
  close(leak);
  EXPECT_EQ(outcome.log.find("secret"), std::string::npos) << outcome.log;
  // `ls` has a fourth, for the folder that it lists.
  EXPECT_NE(outcome.log.find("\n0 1 2 3 "), std::string::npos) << outcome.log;
  EXPECT_TRUE(outcome.log.ends_with("0 1 2 3 ")) << outcome.log;
}

TEST_F(SandboxTest, MountedFileCanBeReadAndNotChanged) {
  const std::filesystem::path input = folder_.path() / "input";
  std::ofstream(input) << "precious";
  Command cat = command("/bin/bash", {"-c", "cat in; chmod 666 in; echo spoilt > in; mv in out; rm -f in"});
  cat.mounts = {{input, "/session/in"}};
  const Outcome outcome = run(cat);
  EXPECT_TRUE(outcome.log.starts_with("precious")) << outcome.log;
  std::string text;
  std::getline(std::ifstream(input), text);
  EXPECT_EQ(text, "precious");
}

TEST_F(SandboxTest, LinesAreHeardFromBothStreams) {
  std::vector<std::string> lines;
  Command say = command("/bin/bash", {"-c", "echo one; echo two >&2; printf three"});
  say.on_line = [&lines](std::string_view line) { lines.emplace_back(line); };
  run(say);
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "three", "two"}));
}

TEST_F(SandboxTest, OutputOfOneRunDoesNotLeakIntoTheNext) {
  EXPECT_EQ(shell("echo first").log, "first\n");
  EXPECT_EQ(shell("echo second").log, "second\n");
}

TEST_F(SandboxTest, NoticeComesBeforeTheEndAndIsEnoughForTheWilling) {
  bounds_.time = seconds(1);
  Command willing =
      command("/bin/bash", {"-c", "trap 'echo told; exit 3' TERM; while :; do sleep 0.1; done"});
  willing.notice = seconds(60);
  const Outcome outcome = run(willing);
  EXPECT_EQ(outcome.exceeded, Bound::kTime);
  EXPECT_NE(outcome.log.find("told"), std::string::npos) << outcome.log;
}

TEST(Log, KeepsBothEndsOfALongText) {
  Log log;
  log.add("first words\n");
  for (int i = 0; i < 100'000; ++i)
    log.add("line " + std::to_string(i) + "\n");
  log.add("last words");
  const std::string text = log.text();
  EXPECT_TRUE(text.starts_with("first words\n"));
  EXPECT_TRUE(text.ends_with("line 99999\nlast words"));
  EXPECT_NE(text.find(" bytes ...]"), std::string::npos);
  EXPECT_LT(text.size(), 10'000u);
}

TEST(Log, ShortTextIsWhole) {
  Log log;
  std::string all;
  for (int i = 0; i < 300; ++i) {
    log.add("abcdefghij\n");
    all += "abcdefghij\n";
  }
  EXPECT_EQ(log.text(), all);
}

TEST(Log, NothingInItMovesACursor) {
  Log log;
  log.add("a\x1b[2J\rb\xff\n");
  EXPECT_EQ(log.text(), "a?[2J\nb?\n");
}

TEST(Log, TextOfEveryScriptStays) {
  Log log;
  log.add("Größe: 3 → 日");
  log.add("本\n");
  EXPECT_EQ(log.text(), "Größe: 3 → 日本\n");
}

TEST(Lines, AreCutWhereverTheReadsWere) {
  std::vector<std::string> lines;
  const std::function<void(std::string_view)> hear = [&lines](std::string_view line) {
    lines.emplace_back(line);
  };
  Lines cutter(hear);
  cutter.add("a");
  cutter.add("b\nc\n\nd");
  cutter.end();
  EXPECT_EQ(lines, (std::vector<std::string>{"ab", "c", "", "d"}));
}

TEST(Scratch, TreeGoesWhateverItsShape) {
  TemporaryFolder folder;
  const auto root = folder.path() / "tree";
  std::filesystem::create_directories(root / "a/b/c");
  std::ofstream(folder.path() / "outside") << "stays";
  std::filesystem::create_symlink(folder.path() / "outside", root / "a/link");
  std::filesystem::create_directory_symlink(folder.path(), root / "up");
  ASSERT_EQ(mkfifo((root / "a/pipe").c_str(), 0600), 0);
  int at = open(root.c_str(), O_RDONLY | O_DIRECTORY);
  for (int depth = 0; depth < 3000; ++depth) {  // beyond any path's length
    ASSERT_EQ(mkdirat(at, "deeper", 0700), 0);
    const int next = openat(at, "deeper", O_RDONLY | O_DIRECTORY);
    close(at);
    at = next;
  }
  close(at);
  std::filesystem::permissions(root / "a/b", std::filesystem::perms::none);
  const auto removed = remove_tree(root);
  EXPECT_TRUE(removed.ok()) << removed.error().message;
  EXPECT_FALSE(std::filesystem::exists(root));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "outside"));
}

}  // namespace
}  // namespace reeve::agent::sandbox
