#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "agent/sandbox/sandbox.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::sandbox {

/// A sandbox with a working directory; every test of it is skipped where there can be none.
class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto works = sandbox_works(); !works) {
      ASSERT_NE(works.error().code, ErrorCode::kConflict)
          << works.error().message;  // a hole is no reason to skip
      GTEST_SKIP() << works.error().message;
    }
    auto opened = Sandbox::open("test-" + std::to_string(getpid()));
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    sandbox_ = std::move(opened).value();
    work_ = folder_.path() / "work";
    std::filesystem::create_directory(work_);
    bounds_.memory_bytes = 256ULL << 20;
    bounds_.processes = 64;
    bounds_.disk_bytes = 64ULL << 20;
    bounds_.files = 2000;
    bounds_.tmp_bytes = 16ULL << 20;
    bounds_.log_bytes = 8ULL << 20;
    bounds_.output_bytes = 4ULL << 20;
    bounds_.time = seconds(120);  // none of these takes long; this is so that a failure ends
  }

  Command command(const std::string& program, const std::vector<std::string>& args) const {
    Command command;
    command.program = program;
    command.args = args;
    command.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/tmp"}, {"LC_ALL", "C.UTF-8"}};
    command.work = work_;
    return command;
  }

  Outcome run(const Command& what) {
    auto outcome = sandbox_->run(what, bounds_);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    return outcome.ok() ? std::move(outcome).value() : Outcome{};
  }
  Outcome shell(const std::string& script) { return run(command("/bin/bash", {"-c", script})); }
  Outcome python(const std::string& script) { return run(command("/usr/bin/python3", {"-c", script})); }

  TemporaryFolder folder_;
  std::filesystem::path work_;
  Bounds bounds_;
  std::unique_ptr<Sandbox> sandbox_;
};

}  // namespace reeve::agent::sandbox
