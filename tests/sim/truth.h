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

///   inputs  of an iterating step: the results that the task goes on from
inline std::vector<Digest> true_leaves(StepRef step, TaskIndex task, bool rooted,
                                       const std::vector<Digest>& inputs = {}) {
  std::vector<Digest> leaves;
  for (std::uint32_t leaf = 0; leaf < (rooted ? kLeaves : 1); ++leaf) {
    Writer writer;
    writer(step, task, leaf, inputs);
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

/// What a step that iterates gives, computed in one go, task after task.
inline std::vector<Digest> true_run(StepRef step, const Iteration& iteration) {
  std::vector<Digest> roots;
  while (roots.size() < iteration.task_count()) {
    const auto task = static_cast<TaskIndex>(roots.size());
    const std::uint32_t generation = iteration.generation_of(task);
    const std::uint32_t back = iteration.is_update(task) ? 1 : 1 + iteration.staleness;
    std::vector<Digest> inputs;
    if (generation >= back) inputs.push_back(roots[iteration.update_of(generation - back)]);
    const TaskRange shards = iteration.shards_of(generation);
    for (TaskIndex shard = shards.first; iteration.is_update(task) && shard < shards.end(); ++shard)
      inputs.push_back(roots[shard]);
    roots.push_back(merkle_root(true_leaves(step, task, true, inputs)));
  }
  return roots;
}

inline Digest true_root(StepRef step, TaskIndex task, bool rooted) {
  return merkle_root(true_leaves(step, task, rooted));
}

}  // namespace reeve::sim
