#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "client/child_process.h"
#include "protocol/result.h"

namespace reeve::client {

/// A region, its requester and one agent, as processes in a temporary folder on loopback: where `reeve run`
/// runs a job, so that there is one way of running. Everything ends and is removed with this object.
class ThrowawayRegion {
 public:
  /// Errors: kNotFound where a program of Reeve is missing; kUnreachable where one did not come up, with its
  /// last words.
  static Result<std::unique_ptr<ThrowawayRegion>> make();
  ~ThrowawayRegion();
  ThrowawayRegion(const ThrowawayRegion&) = delete;
  ThrowawayRegion& operator=(const ThrowawayRegion&) = delete;

  std::string requester_home() const { return (folder_ / "requester").string(); }
  /// The end of what the agent wrote about itself.
  std::string agent_log() const;

 private:
  ThrowawayRegion() = default;
  Result<void> start();
  Result<void> start_region();
  Result<void> start_agent();
  Result<std::string> keep(const std::string& name, const std::string& secret) const;
  Result<std::string> invite(const std::string& role, const std::string& credits) const;
  Result<std::string> as_operator(std::vector<std::string> words) const;

  std::filesystem::path folder_;
  ChildProcess region_;
  ChildProcess agent_;  // ends first
};

}  // namespace reeve::client
