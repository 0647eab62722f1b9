#include "client/ignore_file.h"

#include <fnmatch.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace reeve::client {
namespace {

bool fits(const std::string& pattern, const std::string& path) {
  if (pattern.find('/') != std::string::npos)
    return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_NOESCAPE) == 0;
  return fnmatch(pattern.c_str(), path.substr(path.rfind('/') + 1).c_str(), FNM_NOESCAPE) == 0;
}

}  // namespace

Result<IgnoreFile> IgnoreFile::parse(std::string_view text) {
  IgnoreFile file;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t'))
      line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '!')
      return Error{ErrorCode::kInvalid,
                   ".reeveignore: '" + line + "' is an exception, which it does not know",
                   "name what is left out, not what stays"};
    while (!line.empty() && line.back() == '/')
      line.pop_back();
    if (!line.empty() && line.front() == '/') line.erase(0, 1);
    if (!line.empty()) file.patterns_.push_back(line);
  }
  return file;
}

Result<IgnoreFile> IgnoreFile::of_folder(const std::filesystem::path& folder) {
  std::ifstream in(folder / ".reeveignore", std::ios::binary);
  if (!in) return IgnoreFile{};
  std::ostringstream text;
  text << in.rdbuf();
  return parse(text.str());
}

bool IgnoreFile::ignores(const std::string& path) const {
  if (path == ".reeveignore") return true;
  for (std::size_t end = path.find('/'); true; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (std::any_of(patterns_.begin(), patterns_.end(),
                    [&part](const std::string& pattern) { return fits(pattern, part); }))
      return true;
    if (end == std::string::npos) return false;
  }
}

}  // namespace reeve::client
