#include "agent/sandbox/bwrap_options.h"

#include <unistd.h>

#include <array>

namespace reeve::agent::sandbox {
namespace {

/// Programs, libraries and what they read; never homes, keys, /var or /run.
constexpr std::array kSystemFolders{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
constexpr std::array kSystemFiles{"/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs", "/etc/fonts",
                                  "/etc/localtime",   "/etc/mime.types",   "/etc/magic",     "/etc/OpenCL"};
/// Parts of /proc that belong to the whole machine. To the kernel the program's user may be root (where the
/// agent runs as root), and then their modes alone would let it write there: core_pattern names a program
/// that the kernel starts outside of every sandbox.
constexpr std::array kProcReadOnly{"/proc/sys",      "/proc/bus",    "/proc/fs", "/proc/irq",
                                   "/proc/pressure", "/proc/driver", "/proc/tty"};
constexpr std::array kProcFoldersHidden{"/proc/acpi", "/proc/scsi", "/proc/asound"};
constexpr std::array kProcFilesHidden{
    "/proc/sysrq-trigger", "/proc/mtrr",         "/proc/kcore",         "/proc/keys",
    "/proc/key-users",     "/proc/kallsyms",     "/proc/vmallocinfo",   "/proc/slabinfo",
    "/proc/timer_list",    "/proc/sched_debug",  "/proc/latency_stats", "/proc/kpagecount",
    "/proc/kpageflags",    "/proc/kpagecgroup",  "/proc/kmsg",          "/proc/iomem",
    "/proc/ioports",       "/proc/pagetypeinfo", "/proc/config.gz",     "/proc/cmdline"};

using Words = std::vector<std::string>;

void add(Words& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

bool there(const char* path) {
  return access(path, F_OK) == 0;
}

void add_host_system(Words& words) {
  add(words, {"--ro-bind", "/usr", "/usr"});
  for (const char* folder : kSystemFolders) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(folder, error);
    if (!error)
      add(words, {"--symlink", target.string(), folder});
    else if (there(folder))
      add(words, {"--ro-bind", folder, folder});
  }
  for (const char* file : kSystemFiles)
    add(words, {"--ro-bind-try", file, file});
  // Templates call it `python` (2023-09, 8); Debian has it by the name of python3 alone.
  const bool has_python = there("/usr/local/bin/python") || there("/usr/bin/python");
  if (!has_python && there("/usr/bin/python3"))
    add(words, {"--symlink", "/usr/bin/python3", "/.reeve-bin/python"});
}

void add_system(Words& words, const Place& place) {
  if (place.root.empty())
    add_host_system(words);
  else
    add(words, {"--ro-bind", place.root.string(), "/"});
  for (const MadeUpFile& file : made_up_files())
    add(words, {"--ro-bind-data", std::to_string(file.fd), file.path});
  add(words, {"--perms", "0555", "--ro-bind-data", std::to_string(kInitFd), kInitPath});
}

/// What stands in memory of the sandbox's own, and is closed once it is all there.
void add_gpus(Words& words, const GpuAccess& gpus) {
  for (const std::string& node : gpus.nodes)
    add(words, {"--dev-bind", node, node});
  if (gpus.libraries.empty()) return;
  add(words, {"--size", "65536", "--tmpfs", kGpuFolder});
  for (const Mount& library : gpus.libraries)
    add(words, {"--ro-bind", library.source.string(), library.target});
  add(words, {"--remount-ro", kGpuFolder});
}

void add_kernel_folders(Words& words, const Place& place, const Bounds& bounds) {
  add(words, {"--proc", "/proc"});
  for (const char* path : kProcReadOnly)
    if (there(path)) add(words, {"--ro-bind", path, path});
  for (const char* path : kProcFoldersHidden)
    if (there(path)) add(words, {"--size", "4096", "--tmpfs", path, "--remount-ro", path});
  for (const char* path : kProcFilesHidden)
    if (there(path)) add(words, {"--ro-bind", "/dev/null", path});
  const std::string size = std::to_string(bounds.tmp_bytes);
  // bubblewrap's /dev is memory too, and of no size.
  add(words, {"--dev", "/dev", "--mqueue", "/dev/mqueue"});
  add_gpus(words, place.gpus);
  add(words, {"--remount-ro", "/dev"});
  for (const char* path : {"/dev/shm", "/tmp"})
    add(words, {"--perms", "1777", "--size", size, "--tmpfs", path});
  if (place.root.empty()) add(words, {"--symlink", "/tmp", "/var/tmp"});  // an image has the link
}

}  // namespace

const std::vector<MadeUpFile>& made_up_files() {
  static const std::vector<MadeUpFile> files{
      {kPasswdFd, "/etc/passwd",
       "task:x:1000:1000:task:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"},
      {kGroupFd, "/etc/group", "task:x:1000:\nnogroup:x:65534:\n"},
      {kHostsFd, "/etc/hosts", "127.0.0.1 localhost sandbox\n::1 localhost sandbox\n"},
      {kNsswitchFd, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"}};
  return files;
}

std::vector<std::string> bwrap_options(const Place& place, const Bounds& bounds) {
  Words words{"--unshare-user",
              "--unshare-pid",
              "--unshare-net",
              "--unshare-ipc",
              "--unshare-uts",
              "--unshare-cgroup-try",
              "--die-with-parent",
              "--new-session",
              "--as-pid-1",
              "--cap-drop",
              "ALL",
              "--uid",
              "1000",
              "--gid",
              "1000",
              "--hostname",
              place.hostname,
              "--clearenv",
              "--json-status-fd",
              std::to_string(kStatusFd),
              "--seccomp",
              std::to_string(kFilterFd)};
  add_system(words, place);
  add_kernel_folders(words, place, bounds);
  add(words, {"--bind", place.work.string(), kWorkFolder});
  for (const Mount& mount : place.mounts)
    add(words, {"--ro-bind", mount.source.string(), mount.target});
  add(words, {"--remount-ro", "/", "--chdir", kWorkFolder});
  return words;
}

}  // namespace reeve::agent::sandbox
