// Prints hashes of what the training kernels compute: builds, processors and thread counts are compared by
// them.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "kernels/verify/train_golden.h"

namespace reeve::kernels {
namespace {

constexpr const char* kUsage =
    "usage: golden_train [--kernel NAME] [--threads N] [--list]\n"
    "Prints 'NAME kernel K hash H' for each output of each kernel that runs here.\n";

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "golden_train: %s\n%s", why.c_str(), kUsage);
  std::exit(2);
}

void print_hashes(const TrainKernel& kernel, unsigned threads) {
  for (const GoldenHash& golden : train_golden(kernel, threads))
    std::printf("%s kernel %s hash %016llx\n", golden.name.c_str(), kernel.name,
                static_cast<unsigned long long>(golden.hash));
}

int run(int argc, char** argv) {
  std::string wanted;
  unsigned long threads = 1;
  bool list = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--list") {
      list = true;
    } else if (option == "--kernel" && i + 1 < argc) {
      wanted = argv[++i];
    } else if (option == "--threads" && i + 1 < argc) {
      threads = std::strtoul(argv[++i], nullptr, 10);
      if (threads < 1 || threads > 64) stop("--threads must lie in 1..64");
    } else {
      stop("option '" + option + "' is unknown or lacks its value");
    }
  }
  for (const TrainKernel& kernel : all_train_kernels()) {
    if (!kernel.runs_here() || (!wanted.empty() && wanted != kernel.name)) continue;
    if (list) {
      std::printf("%s\n", kernel.name);
    } else {
      print_hashes(kernel, static_cast<unsigned>(threads));
    }
  }
  return 0;
}

}  // namespace
}  // namespace reeve::kernels

int main(int argc, char** argv) {
  return reeve::kernels::run(argc, argv);
}
