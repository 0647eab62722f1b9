#include "agent/sandbox/gpu.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/sandbox/bwrap_options.h"
#include "agent/shell/capability.h"
#include "tests/agent/image/samples.h"
#include "tests/agent/temporary_folder.h"

namespace reeve::agent::sandbox {
namespace {

/// A host's root with two cards, of which the driver's libraries lie where Debian has them and where one file
/// of the loader's configuration says.
class GpuTest : public ::testing::Test {
 protected:
  GpuTest() {
    for (const char* node : {"nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-modeset", "sda"})
      file(std::string("dev/") + node);
    for (const char* name : {"libcuda.so.535.129.03", "libnvidia-ptxjitcompiler.so.535.129.03", "libc.so.6",
                             "libcudart.so.12", "libnvidia-ml.so.1"})
      file("usr/lib/x86_64-linux-gnu/" + std::string(name));
    std::filesystem::create_symlink("libcuda.so.535.129.03",
                                    host() / "usr/lib/x86_64-linux-gnu/libcuda.so.1");
    std::filesystem::create_symlink("nowhere", host() / "usr/lib/x86_64-linux-gnu/libnvoptix.so.1");
    std::filesystem::create_directories(host() / "etc/ld.so.conf.d");
    image::samples::write_file(host() / "etc/ld.so.conf.d/driver.conf", "# first\n/opt/driver\n");
    file("opt/driver/libnvidia-ml.so.1");
  }
  void file(const std::string& path) {
    std::filesystem::create_directories((host() / path).parent_path());
    image::samples::write_file(host() / path, path);
  }
  std::filesystem::path host() const { return folder_.path(); }

  TemporaryFolder folder_;
};

TEST_F(GpuTest, AnAccessHasItsOwnCardsAndTheDriversLibrariesByEveryName) {
  const GpuAccess access = gpu_access({1}, host());
  EXPECT_EQ(access.nodes, (std::vector<std::string>{"/dev/nvidia1", "/dev/nvidiactl", "/dev/nvidia-uvm"}));
  std::vector<std::string> libraries;
  for (const Mount& library : access.libraries)
    libraries.push_back(library.target + " <- " +
                        library.source.lexically_relative(std::filesystem::canonical(host())).string());
  std::sort(libraries.begin(), libraries.end());
  EXPECT_EQ(libraries,
            (std::vector<std::string>{
                "/.reeve-gpu/libcuda.so.1 <- usr/lib/x86_64-linux-gnu/libcuda.so.535.129.03",
                "/.reeve-gpu/libcuda.so.535.129.03 <- usr/lib/x86_64-linux-gnu/libcuda.so.535.129.03",
                "/.reeve-gpu/libnvidia-ml.so.1 <- opt/driver/libnvidia-ml.so.1",
                "/.reeve-gpu/libnvidia-ptxjitcompiler.so.535.129.03 <- "
                "usr/lib/x86_64-linux-gnu/libnvidia-ptxjitcompiler.so.535.129.03"}));
}

TEST_F(GpuTest, WhoHasNoCardSeesNothing) {
  EXPECT_TRUE(gpu_access({}, host()).nodes.empty());
  EXPECT_TRUE(gpu_access({}, host()).libraries.empty());
}

TEST(GpuOptions, CardsAreMountedIntoDevBeforeItIsClosedAndLibrariesIntoAFolderOfTheirOwn) {
  Place place{"/work", {}};
  place.root = "/images/root";
  place.gpus = {{"/dev/nvidia1"}, {{"/host/libcuda.so.535", "/.reeve-gpu/libcuda.so.1"}}};
  std::string line;
  for (const std::string& word : bwrap_options(place, Bounds{}))
    line += word + " ";
  const auto at = [&line](const std::string& words) {
    EXPECT_NE(line.find(words), std::string::npos) << words << " is not in " << line;
    return line.find(words);
  };
  EXPECT_LT(at("--ro-bind /images/root / "), at("--dev /dev "));
  EXPECT_LT(at("--dev /dev "), at("--dev-bind /dev/nvidia1 /dev/nvidia1 "));
  EXPECT_LT(at("--dev-bind /dev/nvidia1 /dev/nvidia1 "), at("--remount-ro /dev "));
  EXPECT_LT(at("--tmpfs /.reeve-gpu "), at("--ro-bind /host/libcuda.so.535 /.reeve-gpu/libcuda.so.1 "));
  EXPECT_LT(at("libcuda.so.1 "), at("--remount-ro /.reeve-gpu "));
  EXPECT_EQ(line.find("/usr"), std::string::npos) << "nothing of the host's system";
}

TEST(SlotGpus, EachSlotHasItsOwnCards) {
  Devices devices;
  devices.threads = 4;
  for (int i = 0; i < 5; ++i)
    devices.gpus.push_back({"card", "GPU-" + std::to_string(i), 1024, i == 2 ? -1 : i});
  AgentSettings settings;
  settings.slots = 2;
  const SlotPlan plan = plan_slots(settings, devices);
  EXPECT_EQ(plan.gpus, (std::vector<std::string>{"GPU-0=0,GPU-1=1", "GPU-3=3"}));
  EXPECT_EQ(plan.capability.gpus, 2U);
}

TEST(ImageTag, IsTheMachinesToGiveAndNotItsOwners) {
  Devices devices;
  AgentSettings settings;
  settings.tags = {"fast", "oci", "ssd"};
  EXPECT_EQ(plan_slots(settings, devices).capability.tags, (std::vector<std::string>{"fast", "oci", "ssd"}));
  devices.image_note = "no bubblewrap";
  EXPECT_EQ(plan_slots(settings, devices).capability.tags, (std::vector<std::string>{"fast", "ssd"}));
}

}  // namespace
}  // namespace reeve::agent::sandbox
