#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What every fuzz_NAME.cpp defines. The names and types of the first are libFuzzer's.

/// Hands one input to the decoder and returns 0. The decoder may refuse it; it must not crash, throw, hang or
/// exceed its limits. Where it accepts, the function checks what acceptance promises (encode what was
/// decoded, decode again: equal).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// Well-formed inputs that mutation starts from; at least one, each accepted by the decoder.
std::vector<std::string> fuzz_seeds();
