// .npy files of programs' results.

#include "agent/compare/tensor.h"
#include "protocol/check.h"
#include "tests/agent/compare/samples.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  using namespace reeve::samples;
  std::vector<std::string> seeds;
  for (const auto& file :
       {npy_of("<f4", "3, 4", noise(48)), npy_of(">i8", "2", noise(16), true), npy_of("|b1", "", {1}),
        npy("{\"shape\": (0, 5), 'descr': '<f2', 'fortran_order': False}", {}, 3)})
    seeds.emplace_back(file.begin(), file.end());
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::agent::compare;
  const auto tensors = decode_npy({data, size});
  if (!tensors.ok()) return 0;
  std::uint64_t bytes = 0;
  for (const Tensor& tensor : *tensors)
    REEVE_CHECK(tensor_bytes(tensor.shape, tensor.type, bytes) && bytes == tensor.data.size(),
                "elements add up");
  // To walk it must not leave the data, in whatever order it is.
  (void)compare_tensors(*tensors, *tensors, {reeve::Comparator::kTensor, 0, 0, 0, 1, ""});
  return 0;
}
