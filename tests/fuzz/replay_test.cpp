// Feeds a decoder its seeds and mutations of them. A crash names the input that caused it;
// REEVE_FUZZ_ONLY=INDEX runs that one alone.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate.h"

namespace {

volatile std::uint64_t current_index = 0;

void print_raw(std::string_view text) {
  // Nothing can be done about a failed write on the way down.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
}

extern "C" void name_the_input(int signal_number) {
  std::array<char, 24> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), std::uint64_t{current_index}).ptr;
  print_raw("\nthe decoder broke; replay it alone with REEVE_FUZZ_ONLY=");
  print_raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
  print_raw("\n");
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

void feed(const std::vector<std::string>& seeds, std::uint64_t index) {
  current_index = index;
  const std::string input = reeve::fuzz::replay_input(seeds, index);
  // A copy of exactly this size, so that a sanitizer sees a read past its end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  ASSERT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0) << "input " << index;
}

TEST(FuzzReplay, TheDecoderSurvivesMutatedInputs) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose own handlers say more
  std::signal(SIGABRT, name_the_input);
  std::signal(SIGSEGV, name_the_input);
#endif
  const std::vector<std::string> seeds = fuzz_seeds();
  ASSERT_FALSE(seeds.empty()) << "fuzz_seeds() gives nothing to start from";
  // getenv is safe here: no other thread runs.
  if (const char* only = std::getenv("REEVE_FUZZ_ONLY")) {  // NOLINT(concurrency-mt-unsafe)
    feed(seeds, std::strtoull(only, nullptr, 10));
    return;
  }
  for (std::uint64_t index = 0; index < REEVE_FUZZ_INPUTS; ++index) {
    ASSERT_NO_FATAL_FAILURE(feed(seeds, index));
  }
}

}  // namespace
