#pragma once

#include <cstddef>

#include "openjd/limits.h"

namespace reeve::openjd {

/// The extensions of 2023-09 that a template asks for, and the bounds that go with them.
struct Extensions {
  bool task_chunking = false;
  bool feature_bundle_1 = false;
  bool redacted_env_vars = false;

  /// Lengths in characters.
  std::size_t job_name() const { return feature_bundle_1 ? limits::kLongName : limits::kJobName; }
  /// Of steps, environments and identifiers.
  std::size_t name() const { return feature_bundle_1 ? limits::kLongName : limits::kName; }
  std::size_t filename() const { return feature_bundle_1 ? limits::kLongFilename : limits::kName; }
  std::size_t job_parameters() const {
    return feature_bundle_1 ? limits::kManyJobParameters : limits::kJobParameters;
  }
};

}  // namespace reeve::openjd
