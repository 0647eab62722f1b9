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

/// Honest results of a step that is compared: their bytes differ by who made them, and a referee finds them
/// alike.
inline constexpr std::uint64_t kLooks = 3;
inline Digest honest_look(StepRef step, TaskIndex task, std::uint64_t look) {
  Writer writer;
  writer(step, task, look, std::uint64_t{1} << 40);
  return merkle_root(std::vector<Digest>{sha256(writer.bytes())});
}
inline bool is_honest_look(StepRef step, TaskIndex task, const Digest& root) {
  for (std::uint64_t look = 0; look < kLooks; ++look)
    if (honest_look(step, task, look) == root) return true;
  return false;
}

inline Digest true_root(StepRef step, TaskIndex task, bool rooted) {
  return merkle_root(true_leaves(step, task, rooted));
}

}  // namespace reeve::sim
