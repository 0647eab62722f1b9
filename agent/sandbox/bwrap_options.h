#pragma once

#include <string>
#include <vector>

#include "agent/sandbox/sandbox.h"

namespace reeve::agent::sandbox {

/// Descriptors of bubblewrap, by number.
enum ChildFd : int {
  kOptionsFd = 10,
  kStatusFd,
  kFilterFd,
  kPasswdFd,
  kGroupFd,
  kHostsFd,
  kNsswitchFd,
  // 17 is kControlFd of init/protocol.h
  kInitFd = 18
};

/// Where the program of the first process stands.
inline constexpr const char* kInitPath = "/.reeve-init";

/// A small file of /etc, made up.
struct MadeUpFile {
  int fd;
  const char* path;
  const char* text;
};
const std::vector<MadeUpFile>& made_up_files();

/// Everything that stands on bubblewrap's command line before the program.
std::vector<std::string> bwrap_options(const Place& place, const Bounds& bounds);

}  // namespace reeve::agent::sandbox
