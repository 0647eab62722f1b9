#include "client/offers.h"

#include <gtest/gtest.h>

namespace reeve::client {
namespace {

TEST(Offers, WhatASlotLacksIsNamedWithWhatItHas) {
  const Capability offer{4, 8192, 0, 0, {"fast"}, {{"sha256", 1}}, ""};
  TaskNeed need;
  need.kernel = {"sha256", 1};
  EXPECT_EQ(missing_of(offer, need), "");
  need.cpus = 8;
  EXPECT_EQ(missing_of(offer, need), "8 processors (the nearest has 4)");
  need.cpus = 4;
  need.gpus = 1;
  need.tags = {"fast", "london"};
  EXPECT_EQ(missing_of(offer, need), "1 GPUs (the nearest has 0), the tag 'london'");
  need.gpus = 0;
  need.tags = {std::string(kImageTag)};
  EXPECT_EQ(missing_of(offer, need), "what runs images (the tag 'oci')");
  need = {};
  need.kernel = {std::string(kProgramKernel), 1};
  EXPECT_EQ(missing_of(offer, need), "a sandbox for programs");
  need.kernel = {"sha256", 2};
  EXPECT_EQ(missing_of(offer, need), "the kernel 'sha256'") << "another contract is another kernel";
}

}  // namespace
}  // namespace reeve::client
