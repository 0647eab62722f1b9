#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "agent/sandbox/scratch.h"
#include "agent/worker/worker.h"
#include "kernels/core/float_environment.h"

namespace {

/// "UUID=MINOR,UUID=MINOR" or nothing.
std::vector<reeve::agent::worker::SlotGpu> gpus_of(const std::string& text) {
  std::vector<reeve::agent::worker::SlotGpu> gpus;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos)
      gpus.push_back({word.substr(0, equals), std::atoi(word.c_str() + equals + 1)});
  }
  return gpus;
}

}  // namespace

/// reeve-worker CPUS [MEMORY_MIB SCRATCH IMAGES IMAGE_BYTES GPUS]: runs tasks for the agent that started it.
/// Not for people.
int main(int argc, char** argv) {
  using namespace reeve::agent::worker;
  struct stat status {};
  const int cpus = argc == 2 || argc == 7 ? std::atoi(argv[1]) : 0;
  if (cpus < 1 || fstat(kSocketFd, &status) != 0 || !S_ISSOCK(status.st_mode)) {
    std::fprintf(stderr, "reeve-worker is started by reeve-agent; to run an agent: reeve-agent run\n");
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a worker never outlives its agent
  // Slurm and others send it to every process of a job: the agent hears it, and ends its workers in order.
  std::signal(SIGTERM, SIG_IGN);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  void* page = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED, kProgressFd, 0);
  const reeve::kernels::FloatEnvironment rounding;
  reeve::agent::worker::WorkerShare share;
  if (argc == 7)
    share = {std::strtoull(argv[2], nullptr, 10), argv[3], argv[4], std::strtoull(argv[5], nullptr, 10),
             gpus_of(argv[6])};
  // What a worker that was killed has left. Without an empty folder no program runs.
  if (!share.scratch.empty() && !reeve::agent::sandbox::fresh_folder(share.scratch)) share.scratch.clear();
  Worker worker(kSocketFd, page == MAP_FAILED ? nullptr : static_cast<Progress*>(page),
                static_cast<unsigned>(cpus), share);
  return worker.serve() ? 0 : 1;
}
