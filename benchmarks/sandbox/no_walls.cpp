#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "agent/sandbox/bwrap_options.h"

/// Stands in bubblewrap's place for a measurement: no walls at all, only the first process, in the working
/// directory. What is left of a sandbox's cost is our own. It is no part of what is installed.
namespace {

std::string read_all(int fd) {
  std::string all;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;)
    all.append(buffer, static_cast<std::size_t>(n));
  return all;
}

/// The folder that would stand at the working directory's place.
std::string work_folder(const std::string& options) {
  const std::string zero(1, '\0');
  const std::string end = zero + reeve::agent::sandbox::kWorkFolder + zero;
  const std::size_t at = options.find(end);
  if (at == std::string::npos) return "/";
  const std::size_t begin = options.rfind('\0', at - 1);
  return options.substr(begin + 1, at - begin - 1);
}

}  // namespace

int main() {
  using namespace reeve::agent::sandbox;
  lseek(kOptionsFd, 0, SEEK_SET);
  if (chdir(work_folder(read_all(kOptionsFd)).c_str()) != 0) return 1;
  struct stat space {};
  stat("/proc/self/ns/pid", &space);
  dprintf(kStatusFd, "{\"child-pid\": %d, \"pid-namespace\": %lu}\n", getpid(),
          static_cast<unsigned long>(space.st_ino));
  char name[] = "first-process";
  char* arguments[] = {name, nullptr};
  char* environment[] = {nullptr};
  fexecve(kInitFd, arguments, environment);
  std::perror("reeve-no-walls");
  return 1;
}
