#pragma once

#include <string>
#include <string_view>

namespace reeve::agent::worker {

/// True if `pattern` names `path`, both relative with '/': `*` is any part of a name, `?` one character of
/// it,
/// `**` any number of folders, also none. There is no escape and no class.
bool glob_matches(std::string_view pattern, std::string_view path);

/// A pattern as people write it, as glob_matches() takes it: "./out/" is "out/**". `folder` and a '/' at its
/// beginning are dropped: patterns are below the working directory, however they name it.
std::string tidy_pattern(std::string_view pattern, std::string_view folder);

}  // namespace reeve::agent::worker
