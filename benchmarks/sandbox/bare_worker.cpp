#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "agent/sandbox/scratch.h"
#include "agent/worker/worker.h"

/// A worker as reeve-worker, but its programs run without walls (no_walls.cpp): what a measurement compares
/// with. It is no part of what is installed.
int main(int argc, char** argv) {
  using namespace reeve::agent;
  if (argc < 4) return 2;
  const std::string scratch = argv[3];
  const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "reeve-no-walls";
  if (!sandbox::fresh_folder(scratch)) return 1;
  auto bare = sandbox::Sandbox::open(sandbox::slot_name(scratch), beside.string());
  if (!bare) {
    std::fprintf(stderr, "%s\n", bare.error().message.c_str());
    return 1;
  }
  void* page =
      mmap(nullptr, sizeof(worker::Progress), PROT_READ | PROT_WRITE, MAP_SHARED, worker::kProgressFd, 0);
  worker::Worker worker(worker::kSocketFd,
                        page == MAP_FAILED ? nullptr : static_cast<worker::Progress*>(page), 1,
                        {std::strtoull(argv[2], nullptr, 10), scratch}, std::move(bare).value());
  return worker.serve() ? 0 : 1;
}
