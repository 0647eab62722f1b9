#include "client/scene/node_motion.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace reeve::client {
namespace {

constexpr int kMaxDepth = 1000;  // far beyond hand-made scenes; bounds the recursion
constexpr std::size_t kMaxMatrices = std::size_t{1} << 22;  // 256 MiB of them

using Channels =
    std::map<std::string_view, const std::pair<const aiNodeAnim*, double>>;  // with ticks a second

Channels channels_of(const aiScene& scene) {
  Channels channels;
  for (unsigned a = 0; a < scene.mNumAnimations; ++a) {
    const aiAnimation& animation = *scene.mAnimations[a];
    const double ticks = animation.mTicksPerSecond > 0 ? animation.mTicksPerSecond : 1000;
    for (unsigned c = 0; c < animation.mNumChannels; ++c) {
      const aiNodeAnim* channel = animation.mChannels[c];
      channels.try_emplace(channel->mNodeName.C_Str(), channel, ticks);
    }
  }
  return channels;
}

/// Where `time` lies among keys in order: the key before, the key after, and how far between them (0..1).
template <class Key>
struct Between {
  const Key* before;
  const Key* after;
  float share;

  Between(const Key* keys, unsigned count, double time) {
    const Key* end = keys + count;
    after = std::upper_bound(keys, end, time, [](double t, const Key& key) { return t < key.mTime; });
    before = after == keys ? keys : after - 1;
    if (after == end) after = before;
    const double span = after->mTime - before->mTime;
    share = span > 0 ? static_cast<float>(std::clamp((time - before->mTime) / span, 0.0, 1.0)) : 0;
  }
};

aiVector3D vector_at(const aiVectorKey* keys, unsigned count, double time, const aiVector3D& otherwise) {
  if (count == 0) return otherwise;
  const Between<aiVectorKey> between(keys, count, time);
  return between.before->mValue + (between.after->mValue - between.before->mValue) * between.share;
}

aiQuaternion rotation_at(const aiQuatKey* keys, unsigned count, double time, const aiQuaternion& otherwise) {
  if (count == 0) return otherwise;
  const Between<aiQuatKey> between(keys, count, time);
  aiQuaternion rotation;
  aiQuaternion::Interpolate(rotation, between.before->mValue, between.after->mValue, between.share);
  return rotation.Normalize();
}

aiMatrix4x4 local_at(const aiNode& node, const aiNodeAnim& channel, double time) {
  aiVector3D scale;
  aiVector3D position;
  aiQuaternion rotation;
  node.mTransformation.Decompose(scale, rotation, position);
  return {vector_at(channel.mScalingKeys, channel.mNumScalingKeys, time, scale),
          rotation_at(channel.mRotationKeys, channel.mNumRotationKeys, time, rotation),
          vector_at(channel.mPositionKeys, channel.mNumPositionKeys, time, position)};
}

class Sampler {
 public:
  Sampler(const aiScene& scene, const ImportOptions& options)
      : options_(options), channels_(channels_of(scene)) {}

  Result<void> walk(const aiNode& node, const std::vector<aiMatrix4x4>& parent, int depth) {
    if (depth > kMaxDepth) {
      return Error{ErrorCode::kInvalid,
                   "its nodes are nested more than " + std::to_string(kMaxDepth) + " deep",
                   "flatten the hierarchy"};
    }
    std::vector<aiMatrix4x4> local = {node.mTransformation};
    const auto channel = channels_.find(node.mName.C_Str());
    if (channel != channels_.end()) local = sample(node, *channel->second.first, channel->second.second);
    std::vector<aiMatrix4x4> world(std::max(parent.size(), local.size()));
    matrices_ += world.size();
    if (matrices_ > kMaxMatrices) {
      return Error{
          ErrorCode::kInvalid,
          "its moving nodes take more than " + std::to_string(kMaxMatrices) + " matrices over these frames",
          "render a shorter range of frames at a time"};
    }
    for (std::size_t i = 0; i < world.size(); ++i)
      world[i] = parent[parent.size() == 1 ? 0 : i] * local[local.size() == 1 ? 0 : i];
    motions.push_back({&node, world});
    for (unsigned i = 0; i < node.mNumChildren; ++i) {
      if (auto walked = walk(*node.mChildren[i], world, depth + 1); !walked) return walked;
    }
    return {};
  }

  std::vector<NodeMotion> motions;

 private:
  std::vector<aiMatrix4x4> sample(const aiNode& node, const aiNodeAnim& channel,
                                  double ticks_per_second) const {
    std::vector<aiMatrix4x4> local;
    for (std::uint64_t frame = options_.first_frame; frame <= options_.last_frame; ++frame) {
      const double time_s = (static_cast<double>(frame) - 1) / options_.frames_per_second;
      local.push_back(local_at(node, channel, time_s * ticks_per_second));
    }
    const bool rests =
        std::all_of(local.begin(), local.end(), [&](const aiMatrix4x4& m) { return m == local[0]; });
    if (rests) local.resize(1);
    return local;
  }

  const ImportOptions& options_;
  Channels channels_;
  std::size_t matrices_ = 0;
};

}  // namespace

Result<std::vector<NodeMotion>> sample_nodes(const aiScene& scene, const ImportOptions& options) {
  Sampler sampler(scene, options);
  if (auto walked = sampler.walk(*scene.mRootNode, {aiMatrix4x4()}, 0); !walked) return walked.error();
  return std::move(sampler.motions);
}

}  // namespace reeve::client
