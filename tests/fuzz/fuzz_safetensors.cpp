// .safetensors files of programs' results.

#include "agent/compare/tensor.h"
#include "protocol/check.h"
#include "tests/agent/compare/samples.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  using namespace reeve::samples;
  const char* two =
      R"({"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
      R"("b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]}}  )";
  std::vector<std::string> seeds;
  for (const auto& file : {safetensors(two, noise(22)), safetensors("{}", {}),
                           safetensors(R"({"e":{"dtype":"I64","shape":[0,7],"data_offsets":[0,0]}})", {})})
    seeds.emplace_back(file.begin(), file.end());
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::agent::compare;
  const auto tensors = decode_safetensors({data, size});
  if (!tensors.ok()) return 0;
  std::uint64_t all = 0;
  for (const Tensor& tensor : *tensors) {
    std::uint64_t bytes = 0;
    REEVE_CHECK(tensor_bytes(tensor.shape, tensor.type, bytes) && bytes == tensor.data.size(),
                "elements add up");
    all += bytes;
  }
  REEVE_CHECK(all <= size, "no byte belongs to two tensors");
  (void)compare_tensors(*tensors, *tensors, {reeve::Comparator::kTensor, 0, 0, 0, 1, ""});
  return 0;
}
