// reeve-compare as a referee's worker runs it.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include "tests/agent/compare/samples.h"
#include "tests/agent/temporary_folder.h"

namespace {

using namespace reeve;
using namespace reeve::samples;

struct Ran {
  int status = -1;
  std::string out;
};

Ran run(const std::string& arguments) {
  const std::string command = std::string(REEVE_BIN_DIR) + "/reeve-compare " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  Ran ran;
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr)
    ran.out += buffer.data();
  const int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

TEST(CompareProgram, EndsWithZeroOneOrTwoAndSaysOneLine) {
  const agent::TemporaryFolder folder;
  const auto write = [&](const std::string& name, const Bytes& data) {
    const std::string path = (folder.path() / name).string();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
    return path + " ";
  };
  PngForm form;
  Bytes rows(std::size_t{16} * 12 * 3, 9);
  const std::string a = write("a.png", png(form, rows));
  form.text = "elsewhere";
  const std::string b = write("b.png", png(form, rows));
  rows[0] = 8;
  const std::string c = write("c.png", png(form, rows));

  const Ran same = run(a + b + "pixels");
  EXPECT_EQ(same.status, 0);
  EXPECT_EQ(same.out, "a.png: all 192 pixels are equal\n");
  const Ran differ = run(a + c + "pixels");
  EXPECT_EQ(differ.status, 1);
  EXPECT_EQ(differ.out, "a.png: 1 of 192 pixels differ, worst by 1 of 255 at (0, 0) in red\n");
  EXPECT_EQ(run(a + c + "image:psnr=60").status, 0);
  EXPECT_EQ(run(a + b + "exact").status, 1);
  for (const std::string& undecided : {a + b + "command:x", a + b + "pixls", a + b, a + "/nowhere pixels"}) {
    const Ran ran = run(undecided);
    EXPECT_EQ(ran.status, 2) << undecided;
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << ran.out;
  }
}

}  // namespace
