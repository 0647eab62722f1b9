#pragma once

#include <string>
#include <vector>

#include "agent/sandbox/sandbox.h"

namespace reeve::agent::sandbox {

/// Descriptors of bubblewrap, by number.
enum ChildFd : int { kOptionsFd = 10, kStatusFd, kFilterFd, kPasswdFd, kGroupFd, kHostsFd, kNsswitchFd };

/// A small file of /etc, made up.
struct MadeUpFile {
  int fd;
  const char* path;
  const char* text;
};
const std::vector<MadeUpFile>& made_up_files();

/// Everything that stands on bubblewrap's command line before the program.
std::vector<std::string> bwrap_options(const Command& command, const Bounds& bounds);

}  // namespace reeve::agent::sandbox
