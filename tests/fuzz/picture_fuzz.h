#pragma once

#include <string>

#include "agent/compare/picture.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

namespace reeve::fuzz {

inline std::string text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

/// Decodes an input, and again: an accepted picture has all its samples, and they are the same both times.
inline void decode_twice(ByteView input, Result<agent::compare::Picture> (*decode)(ByteView)) {
  const auto once = decode(input);
  if (!once.ok()) return;
  for (const agent::compare::Channel& channel : once->channels) {
    const std::size_t last = channel.begin + (once->pixels() - 1) * channel.step;
    REEVE_CHECK(last + agent::compare::sample_bytes(channel.type) <= once->data.size(),
                "samples lie in the data");
  }
  const auto twice = decode(input);
  REEVE_CHECK(twice.ok() && twice->data == once->data, "a picture decodes to the same samples each time");
}

}  // namespace reeve::fuzz
