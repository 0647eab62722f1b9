#include <malloc.h>
#include <sys/resource.h>

#include <cstdio>
#include <exception>

#include "agent/compare/bounds.h"
#include "agent/compare/compare.h"

/// reeve-compare A B COMPARISON: says whether two results agree. A and B are bundles, folders or files;
/// COMPARISON is what a job asks for (docs/formats/comparators.md). Prints one line and ends with 0 where
/// they agree, 1 where they differ, 2 where that cannot be said.
int main(int argc, char** argv) {
  using namespace reeve;
  using namespace reeve::agent::compare;
  constexpr int kUndecided = 2;
  constexpr rlim_t kCpuSeconds = 300;  // two pictures of the largest size take a tenth of it
  mallopt(M_PERTURB, kFreshMemory);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const rlimit cpu{kCpuSeconds, kCpuSeconds};
  setrlimit(RLIMIT_CPU, &cpu);
  if (argc != 4) {
    std::puts(
        "usage: reeve-compare A B COMPARISON, such as pixels, image:psnr=40 or tensor:rtol=1e-5,atol=1e-8");
    return kUndecided;
  }
  const auto say = [](const std::string& line) { std::puts(one_line(line, 2048).c_str()); };
  try {
    const auto how = parse_comparison(argv[3]);
    if (!how) return say(how.error().message + "; " + how.error().hint), kUndecided;
    const auto a = ResultFiles::open(argv[1]);
    if (!a) return say(a.error().message + "; " + a.error().hint), kUndecided;
    const auto b = ResultFiles::open(argv[2]);
    if (!b) return say(b.error().message + "; " + b.error().hint), kUndecided;
    const Verdict verdict = compare_results(*a, *b, *how);
    say(verdict.why);
    if (std::fflush(stdout) != 0) return kUndecided;
    return verdict.agreement == Agreement::kUndecidable ? kUndecided : verdict.same() ? 0 : 1;
  } catch (const std::exception& failure) {
    say(std::string("cannot compare: ") + failure.what());
    return kUndecided;
  }
}
