#pragma once

#include <vector>

#include "protocol/digest.h"
#include "protocol/merkle.h"
#include "scheduler/core/durable.h"

/// What each task's right result is, so that every accepted root can be judged.
namespace reeve::sim {

inline constexpr std::uint32_t kLeaves = 4;  // of results that are uploaded
inline constexpr std::uint32_t kLeafBytes = 2048;
inline constexpr std::uint32_t kInlineBytes = 32;

/// Steps whose results are too large for a report declare so.
inline bool is_rooted(const StepSpec& spec) {
  return spec.leaf_bytes != 0;
}

inline std::vector<Digest> true_leaves(StepRef step, TaskIndex task, bool rooted) {
  std::vector<Digest> leaves;
  for (std::uint32_t leaf = 0; leaf < (rooted ? kLeaves : 1); ++leaf) {
    Writer writer;
    writer(step, task, leaf);
    leaves.push_back(sha256(writer.bytes()));
  }
  return leaves;
}

inline Digest true_root(StepRef step, TaskIndex task, bool rooted) {
  return merkle_root(true_leaves(step, task, rooted));
}

}  // namespace reeve::sim
