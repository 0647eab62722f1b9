#pragma once

#include <cstdint>

namespace reeve::agent::sandbox {

/// Only behind walls, for the paths are everybody's elsewhere. Empties what the sandbox has of files in
/// memory and of objects between processes. Returns what could not be undone (kLeft...).
std::uint32_t clear_leftovers();

/// What a process of the same user can change of the first one, as it stood at the beginning.
class OwnSettings {
 public:
  OwnSettings();
  bool changed() const;

 private:
  static constexpr int kLimits = 16;  // RLIM_NLIMITS
  static constexpr int kCpuBytes = 1024;
  struct Values {
    std::uint64_t soft[kLimits];
    std::uint64_t hard[kLimits];
    unsigned char cpus[kCpuBytes];
    int nice;
    int policy;
    int io_priority;
    int memory_score;
  };
  static void read(Values& values);
  Values values_;
};

}  // namespace reeve::agent::sandbox
