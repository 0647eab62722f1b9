#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "client/renderers/needs.h"

namespace reeve::client {
namespace {

/// What a file's name stands behind, in POV-Ray 3.7's language.
constexpr std::array<std::string_view, 16> kWords{"include", "png", "jpeg", "gif",  "tga", "iff",
                                                  "ppm",     "pgm", "sys",  "tiff", "exr", "hdr",
                                                  "bmp",     "pot", "ttf",  "df3"};
constexpr std::uint64_t kTextBytes = 64U << 20;  // of one file that is read for names
constexpr std::size_t kFilesRead = 4096;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Where the comment or the blank that begins at `at` ends; `at` where there is none.
std::size_t skip(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
  if (rest.starts_with("/*")) {
    const std::size_t end = text.find("*/", at + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  return !rest.empty() && std::isspace(static_cast<unsigned char>(rest.front())) != 0 ? at + 1 : at;
}

std::string read_text(const std::filesystem::path& path) {
  std::error_code unknown;
  if (std::filesystem::file_size(path, unknown) > kTextBytes || unknown) return "";
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> library_folders() {
  std::vector<std::filesystem::path> folders;
  for (const char* share : {"/usr/share", "/usr/local/share"}) {
    std::error_code absent;
    for (const auto& entry : std::filesystem::directory_iterator(share, absent))
      if (entry.path().filename().string().starts_with("povray-"))
        folders.push_back(entry.path() / "include");
  }
  return folders;
}

bool in_any(const std::vector<std::filesystem::path>& folders, const std::string& name) {
  return std::any_of(folders.begin(), folders.end(),
                     [&name](const auto& folder) { return std::filesystem::is_regular_file(folder / name); });
}

/// Walks from the scene over what it includes.
class Walk {
 public:
  Walk(std::filesystem::path scene, std::filesystem::path project)
      : scene_(std::move(scene)), project_(std::move(project)), library_(library_folders()) {}

  SceneNeeds run() {
    std::vector<std::filesystem::path> open{scene_};
    for (std::size_t read = 0; !open.empty() && read < kFilesRead; ++read) {
      const std::filesystem::path file = open.back();
      open.pop_back();
      for (const std::string& name : povray_names(read_text(file))) {
        const auto found = find(name, file);
        if (!found.empty() && needs_.found.insert(found).second && includes(name)) open.push_back(found);
      }
    }
    if (!unknown_.empty())
      needs_.notes.push_back(
          "these includes are taken to be of POV-Ray's own library, which is not installed here: " +
          unknown_);
    return std::move(needs_);
  }

 private:
  static bool includes(const std::string& name) {
    const auto ending = std::filesystem::path(name).extension();
    return ending == ".inc" || ending == ".pov" || ending == ".mcr" || ending == ".map" || ending == ".txt";
  }

  /// Where a name's file is; empty: in POV-Ray's library, or nowhere.
  std::filesystem::path find(const std::string& name, const std::filesystem::path& from) {
    for (const std::string& candidate : candidates(name)) {
      for (const auto& folder : {from.parent_path(), scene_.parent_path(), project_}) {
        std::error_code absent;
        auto path = std::filesystem::canonical(folder / candidate, absent);
        if (!absent && std::filesystem::is_regular_file(path)) return path;
      }
      if (in_any(library_, candidate)) return {};
    }
    if (library_.empty() && includes(name))
      unknown_ += (unknown_.empty() ? "" : ", ") + name;
    else
      needs_.missing.insert(name);
    return {};
  }

  /// POV-Ray tries a name without an ending with those that it knows.
  static std::vector<std::string> candidates(const std::string& name) {
    std::vector<std::string> all{name};
    if (std::filesystem::path(name).has_extension()) return all;
    for (const char* ending : {".inc", ".ttf", ".png", ".jpg", ".gif", ".tga"})
      all.push_back(name + ending);
    return all;
  }

  std::filesystem::path scene_;
  std::filesystem::path project_;
  std::vector<std::filesystem::path> library_;
  std::string unknown_;
  SceneNeeds needs_;
};

}  // namespace

std::vector<std::string> povray_names(std::string_view text) {
  std::vector<std::string> names;
  std::string_view word;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t next = skip(text, at); next != at) {
      at = next;
    } else if (text[at] == '"') {
      const std::size_t end = std::min(text.find('"', at + 1), text.size());
      const std::string_view name = text.substr(at + 1, end - at - 1);
      if (std::find(kWords.begin(), kWords.end(), word) != kWords.end() && !name.empty())
        names.emplace_back(name);
      word = {};
      at = end + 1;
    } else {
      std::size_t end = at + 1;
      while (end < text.size() && is_word(text[at]) && is_word(text[end]))
        ++end;
      word = text.substr(at, end - at);
      at = end;
    }
  }
  return names;
}

SceneNeeds povray_needs(const std::filesystem::path& scene, const std::filesystem::path& project) {
  return Walk(std::filesystem::canonical(scene), std::filesystem::canonical(project)).run();
}

}  // namespace reeve::client
