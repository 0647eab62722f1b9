#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "agent/worker/task_kernel.h"
#include "openjd/step_script.h"
#include "protocol/bundle.h"
#include "protocol/bundle_files.h"
#include "protocol/digest.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::worker {

using openjd::FormatString;

inline FormatString text(const std::string& source) {
  auto parsed = FormatString::parse(source);
  EXPECT_TRUE(parsed.ok()) << source;
  return parsed.ok() ? std::move(parsed).value() : FormatString();
}

inline openjd::Action shell(const std::string& script) {
  openjd::Action action;
  action.command = FormatString::literal("/bin/bash");
  action.args = {FormatString::literal("-c"), text(script)};
  return action;
}

/// Program steps, run as a worker runs them.
class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto works = sandbox::sandbox_works(); !works) {
      ASSERT_NE(works.error().code, ErrorCode::kConflict)
          << works.error().message;  // a hole is no reason to skip
      GTEST_SKIP() << works.error().message;
    }
    std::filesystem::create_directory(folder_.path() / "scratch");
    context_.share = {512, (folder_.path() / "scratch").string()};
    context_.attempt = AttemptId(77);
    document_.step = {JobId(9), 0};
    document_.kernel = {"program", 1};
    document_.max_result_bytes = 1 << 20;
  }

  std::string blob(const Bytes& bytes) {
    const Digest digest = sha256(bytes);
    const auto path = folder_.path() / to_hex(digest);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    document_.inputs.emplace_back(digest, path.string());
    return path.string();
  }

  void bind() {
    auto encoded = openjd::encode_step(script_);
    ASSERT_TRUE(encoded.ok());
    document_.script = std::move(encoded).value();
    auto bound = bind_step(document_, context_);
    ASSERT_TRUE(bound.ok()) << bound.error().message;
    kernel_ = std::move(bound).value();
  }

  /// The files of the result, as "path=text"; a script that cannot be bound or a task that fails gives none.
  std::vector<std::string> run(TaskIndex task = 0) {
    if (!kernel_) bind();
    Bytes result;
    error_ = {};
    if (!kernel_) return {};
    if (const auto ran = kernel_->run(task, result); !ran) {
      error_ = ran.error();
      reason_ = kernel_->reason_of(error_);
      return {};
    }
    return files_of(result);
  }

  static std::vector<std::string> files_of(const Bytes& result) {
    const auto length =
        bundle_head_bytes({result.data(), std::min<std::size_t>(result.size(), kBundlePrefixBytes)});
    EXPECT_TRUE(length.ok());
    const auto index =
        decode_bundle_index({result.data(), static_cast<std::size_t>(length.value())}, result.size());
    EXPECT_TRUE(index.ok());
    std::vector<std::string> files;
    std::size_t at = static_cast<std::size_t>(length.value());
    for (const BundleFile& file : index->files) {
      files.push_back(file.path + (file.executable ? "*=" : "=") +
                      std::string(result.begin() + static_cast<std::ptrdiff_t>(at),
                                  result.begin() + static_cast<std::ptrdiff_t>(at + file.size_bytes)));
      at += static_cast<std::size_t>(file.size_bytes);
    }
    return files;
  }

  using Files = std::vector<std::string>;
  TemporaryFolder folder_;
  WorkerContext context_{1};
  openjd::StepScript script_;
  StepDocument document_;
  std::unique_ptr<TaskKernel> kernel_;
  Error error_;
  msg::FailureReason reason_ = msg::FailureReason::kCrashed;
};

}  // namespace reeve::agent::worker
