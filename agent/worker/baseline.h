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

  /// True where nothing in the folder has changed since it was last looked at, by its times: which is quicker
  /// than to read it. False where that is not known. Nobody may be at work in the folder.
  bool untouched() const;

  /// Removes what was added since. False where something that was there is changed or gone, so that there is
  /// no way back. Nobody may be at work in the folder.
  bool restore();

 private:
  /// All that can change.
  struct Entry {
    dev_t device = 0;
    ino_t number = 0;
    mode_t mode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    /// Of a folder without what its entries' coming and going changes.
    bool same(const struct stat& status) const;
    bool equal(const struct stat& status) const;
  };
  static Entry entry_of(const struct stat& status);
  bool note(const Descriptor& folder, const std::string& below, int depth);
  bool restore(const Descriptor& folder, const std::string& below, std::size_t& found);
  bool look_at_folders(const Descriptor& root);
  bool outlasts(const Entry& entry) const;
  void outlast_the_clock() const;

  std::filesystem::path folder_;
  Entry root_;
  std::map<std::string, Entry> entries_;  // by path below the folder
  bool settled_ = false;                  // whatever changes from now on gets another time than is known here
};

}  // namespace reeve::agent::worker
