#include <gtest/gtest.h>

#include "kernels/verify/train_golden.h"

namespace reeve::kernels {
namespace {

// The contract: a change here is a change of kTrainContract. `reeve_golden_train` prints them.
const GoldenHash kGolden[] = {
    {"gemm 1x1x1", 0x27da8808d09ebbbeu},
    {"gemm 1x1x1 in parts", 0x9b7baed2d08d3e90u},
    {"gemm 7x13x19", 0x90b31c252ac88d8cu},
    {"gemm 7x13x19 in parts", 0x7797a3f977e7ff36u},
    {"gemm 33x65x129", 0xa8fbe6d12f8c52a7u},
    {"gemm 33x65x129 in parts", 0xd75f2e27983f8f31u},
    {"gemm 100x10x784", 0x9656f75b139c0a38u},
    {"gemm 100x10x784 in parts", 0xd2d5e5e223a4be72u},
    {"gemm 257x300x511", 0xaa845ce1b87f2e0eu},
    {"gemm 257x300x511 in parts", 0x9dcff711d1dfa940u},
    {"gelu", 0xd826a7f4b26c887fu},
    {"gelu backward", 0xa65fd46b80dd1520u},
    {"relu backward", 0xf8ee4799b8c5a0f9u},
    {"layernorm", 0x431f54b24e6dba9du},
    {"layernorm backward", 0xc02c878a11938ac8u},
    {"layernorm gain", 0x755bbe04a72aaaa7u},
    {"layernorm bias", 0xb6efeb56f29930b0u},
    {"causal softmax", 0x7b49ec9a433e6421u},
    {"causal softmax backward", 0x4bad0c40f72e3716u},
    {"cross entropy", 0xb15f9842e0a389bbu},
    {"cross entropy losses", 0x1b97956b5eef0e05u},
    {"fixed point", 0x37d847b57436570cu},
    {"adamw", 0x9ef20ae830dbc8a0u},
    {"sgd", 0xff1250f7438c1438u},
    {"mlp initial state", 0xd021546a4e8f7d41u},
    {"mlp gradient 0", 0x92fc9558cf65ff0fu},
    {"mlp state 1", 0x60d6654495f29cdbu},
    {"mlp gradient 1", 0x86d874344b3436aau},
    {"mlp state 2", 0x26d5ed6767c31c7cu},
    {"mlp gradient 2", 0x50da380c16d70044u},
    {"mlp state 3", 0x9778f8c0fa1e25b2u},
    {"mlp scores", 0x56d4b4bf9eff57dcu},
    {"gpt initial state", 0xc79d9a99b96711beu},
    {"gpt gradient 0", 0x82d9d8fbf6774dd3u},
    {"gpt state 1", 0x7b97c430302a5d0cu},
    {"gpt gradient 1", 0x25dac97efe550e3au},
    {"gpt state 2", 0x0c1650326c44c635u},
    {"gpt gradient 2", 0x5e32908488cde047u},
    {"gpt state 3", 0x2498e1311f2b7417u},
    {"gpt scores", 0xd4dc89b340c49d6cu},
};

TEST(TrainGolden, EveryKernelHasTheHashesOfTheContract) {
  for (const TrainKernel& kernel : all_train_kernels()) {
    if (!kernel.runs_here()) continue;
    const auto ours = train_golden(kernel, 2);
    ASSERT_EQ(ours.size(), std::size(kGolden));
    for (std::size_t i = 0; i < ours.size(); ++i) {
      EXPECT_EQ(ours[i].name, kGolden[i].name);
      EXPECT_EQ(ours[i].hash, kGolden[i].hash) << kernel.name << ' ' << ours[i].name;
    }
  }
}

}  // namespace
}  // namespace reeve::kernels
