#include "client/program_image.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "client/command_job.h"
#include "openjd/task.h"

namespace reeve::client {
namespace {

/// A tar archive as POSIX has it; numbers of sizes as large archives have them where `binary`.
std::string tar_of(const std::vector<std::pair<std::string, std::string>>& files, bool binary = false) {
  std::string tar;
  for (const auto& [name, text] : files) {
    std::string header(512, '\0');
    header.replace(0, name.size(), name);
    std::array<char, 12> size{};
    std::snprintf(size.data(), size.size(), "%011zo", text.size());
    if (binary)
      size = {static_cast<char>(0x80), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, static_cast<char>(text.size())};
    header.replace(124, size.size(), size.data(), size.size());
    header.replace(257, 5, "ustar");
    tar += header + text + std::string((512 - text.size() % 512) % 512, '\0');
  }
  return tar + std::string(1024, '\0');
}

class ProgramImage : public testing::Test {
 protected:
  ProgramImage() {
    std::string name = testing::TempDir() + "reeve_image_XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~ProgramImage() override { std::filesystem::remove_all(root_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name, std::ios::binary) << text;
    return (root_ / name).string();
  }
  std::string image() { return write("image.tar", tar_of({{"oci-layout", "{}"}, {"./index.json", "{}"}})); }
  std::string refused(const std::string& text) {
    const auto input = image_input(write("file", text));
    return input.ok() ? "taken" : input.error().message + "; " + input.error().hint;
  }

  std::filesystem::path root_;
};

TEST_F(ProgramImage, ArchivesOfBothFormsAreTaken) {
  EXPECT_TRUE(image_input(image()).ok());
  EXPECT_TRUE(
      image_input(write("docker", tar_of({{"a/layer.tar", std::string(700, 'x')}, {"manifest.json", "[]"}})))
          .ok());
  EXPECT_TRUE(
      image_input(write("large", tar_of({{"blob", std::string(100, 'x')}, {"index.json", "{}"}}, true)))
          .ok());
}

TEST_F(ProgramImage, WhatIsNoneIsNamedWithItsRemedy) {
  const auto says = [](const std::string& message, const char* part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says(refused("\x1f\x8b\x08 packed"), "is packed with gzip; unpack it with gunzip");
  says(refused("\x28\xb5\x2f\xfd packed"), "is packed with zstd");
  says(refused("#!/usr/bin/env run-singularity\n"), "is an image of Apptainer");
  says(refused("FROM debian\n"), "is no tar archive; save one: podman save --format oci-archive");
  says(refused(""), "is no tar archive");
  says(refused(tar_of({{"bin/sh", "x"}, {"etc/passwd", "y"}})),
       "has neither an index.json nor a manifest.json");
  says(refused(tar_of({{"sub/index.json", "x"}})), "has neither");
  says(image_input(root_).error().message, "is a folder");
  says(image_input(root_ / "missing").error().message, "cannot read");
}

TEST_F(ProgramImage, ACommandRunsInItAsItStands) {
  CommandRequest request;
  request.words = {"python3", "-c", "print(1)"};
  request.array = "1-3";
  request.environment = {"THREADS=4", "A=b=c"};
  SubmitOptions options;
  options.image = image();
  const auto job = build_command_job(request, options);
  ASSERT_TRUE(job.ok()) << job.error().message;
  const StepSpec& step = job->spec.steps.at(0);
  const Digest digest = image_input(options.image)->digest;
  EXPECT_EQ(step.inputs, std::vector<Digest>{digest});
  EXPECT_EQ(job->inputs.at(0).digest, digest);
  EXPECT_EQ(step.need.tags, std::vector<std::string>{std::string(kImageTag)});
  const auto script = *openjd::decode_step(step.script);
  EXPECT_EQ(script.image, digest);
  EXPECT_EQ(script.on_run.command.literals(), "python3") << "an image need not have /usr/bin/env";
  ASSERT_EQ(script.environments.size(), 1U);
  EXPECT_EQ(script.environments[0].variables.at(1).name, "A");
  EXPECT_EQ(script.environments[0].variables.at(1).value.literals(), "b=c");
}

TEST_F(ProgramImage, ProgramsOfATemplateRunInItAndKernelsDoNot) {
  const auto with = [&](const char* command) {
    SubmitOptions options;
    options.image = image();
    return build_job(std::string("specificationVersion: jobtemplate-2023-09\nname: j\nsteps:\n"
                                 "  - name: run\n    script: {actions: {onRun: {command: '") +
                         command + "'}}}\n",
                     root_, options);
  };
  const auto job = with("python3");
  ASSERT_TRUE(job.ok()) << job.error().message;
  EXPECT_TRUE(openjd::decode_step(job->spec.steps.at(0).script)->image.has_value());
  EXPECT_EQ(job->inputs.size(), 1U);
  EXPECT_NE(with("reeve:sha256").error().message.find("no step runs a program"), std::string::npos);
}

TEST_F(ProgramImage, AStepThatAsksForGpusSaysSoToItsAgent) {
  CommandRequest request;
  request.words = {"train"};
  request.gpus = 2;
  const auto job = build_command_job(request, {});
  EXPECT_EQ(openjd::decode_step(job->spec.steps.at(0).script)->gpus, 2U);
}

}  // namespace
}  // namespace reeve::client
