#pragma once

#include <array>

#include "protocol/digest.h"
#include "protocol/ids.h"

namespace reeve::bench {

/// The task that everything here runs: SHA-256(job, 8 bytes little-endian ‖ task, 4 bytes little-endian), as
/// the agents' kernel `sha256` computes it.
inline Digest hash_task(JobId job, TaskIndex task) {
  std::array<std::uint8_t, 12> message;
  for (unsigned i = 0; i < 8; ++i)
    message[i] = static_cast<std::uint8_t>(job.value() >> (8 * i));
  for (unsigned i = 0; i < 4; ++i)
    message[8 + i] = static_cast<std::uint8_t>(task >> (8 * i));
  return sha256(message);
}

}  // namespace reeve::bench
