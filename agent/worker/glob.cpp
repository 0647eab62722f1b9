#include "agent/worker/glob.h"

#include <vector>

namespace reeve::agent::worker {
namespace {

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // inside of a UTF-8 character
}

/// The classic walk with one place to come back to, the last star: linear in memory, at worst n · m in time.
bool name_matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      do {
        ++n;
      } while (n < name.size() && continues(name[n]));
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  const std::vector<std::string_view> wanted = parts_of(pattern);
  const std::vector<std::string_view> parts = parts_of(path);
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = wanted.size();
  std::size_t resume = 0;
  while (n < parts.size()) {  // as for a name, with folders for characters
    if (p < wanted.size() && wanted[p] == "**") {
      star = p++;
      resume = n;
    } else if (p < wanted.size() && name_matches(wanted[p], parts[n])) {
      ++p;
      ++n;
    } else if (star != wanted.size()) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < wanted.size() && wanted[p] == "**")
    ++p;
  return p == wanted.size();
}

std::string tidy_pattern(std::string_view pattern, std::string_view folder) {
  if (pattern == folder) return "**";
  if (pattern.starts_with(folder) && pattern.substr(folder.size()).starts_with('/'))
    pattern.remove_prefix(folder.size() + 1);
  while (pattern.starts_with("./"))
    pattern.remove_prefix(2);
  if (pattern.empty() || pattern == ".") return "**";
  return pattern.ends_with('/') ? std::string(pattern) + "**" : std::string(pattern);
}

}  // namespace reeve::agent::worker
