#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "agent/worker/worker.h"
#include "kernels/core/float_environment.h"

/// reeve-worker CPUS: runs tasks for the agent that started it. Not for people.
int main(int argc, char** argv) {
  using namespace reeve::agent::worker;
  struct stat status {};
  const int cpus = argc == 2 ? std::atoi(argv[1]) : 0;
  if (cpus < 1 || fstat(kSocketFd, &status) != 0 || !S_ISSOCK(status.st_mode)) {
    std::fprintf(stderr, "reeve-worker is started by reeve-agent; to run an agent: reeve-agent run\n");
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a worker never outlives its agent
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  void* page = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED, kProgressFd, 0);
  const reeve::kernels::FloatEnvironment rounding;
  Worker worker(kSocketFd, page == MAP_FAILED ? nullptr : static_cast<Progress*>(page),
                static_cast<unsigned>(cpus));
  return worker.serve() ? 0 : 1;
}
