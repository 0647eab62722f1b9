// Gives libFuzzer the seeds as files: it writes fuzz_seeds() to the folder that REEVE_FUZZ_SEEDS names before
// it starts.

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  const char* folder =
      std::getenv("REEVE_FUZZ_SEEDS");  // NOLINT(concurrency-mt-unsafe): no other thread runs
  if (folder == nullptr) return 0;
  std::size_t number = 0;
  for (const std::string& seed : fuzz_seeds()) {
    const std::string path = std::string(folder) + "/seed-" + std::to_string(number++);
    std::ofstream file(path, std::ios::binary);
    file.write(seed.data(), static_cast<std::streamsize>(seed.size()));
    if (!file.flush()) {
      std::cerr << "cannot write the seed " << path << "\n";
      return 1;
    }
  }
  return 0;
}
