#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

#include "protocol/bundle_files.h"
#include "protocol/result.h"

namespace reeve::agent::worker {

/// What a session's environments have left in the working directory, and the way back to it after each task:
/// so a task finds what they made, and nothing of the task before it.
class Baseline {
 public:
  /// Looks at a folder in which nobody is at work. Errors: kIo.
  Result<void> remember(const std::filesystem::path& folder);

  /// Removes what was added since. False where something that was there is changed or gone, so that there is
  /// no way back. Nobody may be at work in the folder.
  bool restore() const;

 private:
  /// Of a folder what its entries do not tell; of anything else all that can change.
  struct Entry {
    dev_t device = 0;
    ino_t number = 0;
    mode_t mode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    bool same(const struct stat& status) const;
  };
  static Entry entry_of(const struct stat& status);
  bool note(const Descriptor& folder, const std::string& below, int depth);
  bool restore(const Descriptor& folder, const std::string& below, std::size_t& found) const;
  void outlast_the_clock() const;

  std::filesystem::path folder_;
  Entry root_;
  std::map<std::string, Entry> entries_;  // by path below the folder
};

}  // namespace reeve::agent::worker
