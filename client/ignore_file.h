#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace reeve::client {

/// Which files of a folder stay at home: the lines of its `.reeveignore`.
///
/// A pattern without a slash fits a file or folder of that name anywhere, one with a slash a path from the
/// folder on; `*` and `?` stay within a name. A folder that fits is left out whole. `#` starts a comment.
class IgnoreFile {
 public:
  /// kInvalid: a line that starts with `!`; there are no exceptions.
  static Result<IgnoreFile> parse(std::string_view text);
  /// That of a folder; without the file nothing is ignored.
  static Result<IgnoreFile> of_folder(const std::filesystem::path& folder);

  bool ignores(const std::string& path) const;

 private:
  std::vector<std::string> patterns_;
};

}  // namespace reeve::client
