#include <map>
#include <set>

#include "protocol/archive.h"
#include "protocol/check.h"
#include "protocol/jobs.h"
#include "tests/fuzz/fuzz.h"

namespace {

/// Bytes may spell a value in several ways (long varints, unordered maps); what was read has one spelling.
template <class T>
void check_round_trip(reeve::ByteView bytes) {
  T value{};
  if (!reeve::from_archive(bytes, value)) return;
  const reeve::Bytes spelt = reeve::to_archive(value);
  T again{};
  REEVE_CHECK(reeve::from_archive(spelt, again), "a value that was read can be read again");
  REEVE_CHECK(reeve::to_archive(again) == spelt, "equal values give equal bytes");
}

struct Everything {
  std::map<std::uint32_t, std::string> names;
  std::set<std::int64_t> numbers;
  std::optional<reeve::Digest> digest;
  std::variant<bool, std::uint8_t, std::vector<reeve::TaskRange>> choice;
};

template <class A>
void fields(A& a, Everything& e) {
  a(e.names, e.numbers, e.digest, e.choice);
}

template <class T>
std::string seed(std::uint8_t kind, const T& value) {
  const reeve::Bytes bytes = reeve::to_archive(value);
  return std::string(1, static_cast<char>(kind)) + std::string(bytes.begin(), bytes.end());
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  using namespace reeve;
  StepSpec step;
  step.name = "frames";
  step.depends_on = {0};
  step.need.tags = {"avx2"};
  step.need.kernel = {"render.path", 1};
  step.time_limit = seconds(60);
  step.script = {1, 2, 3};
  step.inputs.resize(1);
  JobSpec job;
  job.name = "shot";
  job.priority = -5;
  job.after = {JobId(1)};
  job.steps = {step, step};
  const Capability capability{8, 1024, 1, 4096, {"avx2"}, {{"sha256", 1}}, "v3"};
  const Everything everything{{{1, "one"}, {2, "two"}}, {-3, 4}, Digest{}, std::vector<TaskRange>{{1, 2}}};
  return {seed(0, job), seed(1, step), seed(2, capability), seed(3, everything)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const reeve::ByteView bytes(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0: check_round_trip<reeve::JobSpec>(bytes); break;
    case 1: check_round_trip<reeve::StepSpec>(bytes); break;
    case 2: check_round_trip<reeve::Capability>(bytes); break;
    default: check_round_trip<Everything>(bytes); break;
  }
  return 0;
}
