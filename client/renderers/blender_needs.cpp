#include <sstream>

#include "client/child_process.h"
#include "client/renderers/embedded.h"
#include "client/renderers/needs.h"

namespace reeve::client {
namespace {

constexpr const char* kPatience = "300";  // seconds; large scenes take some to open
constexpr std::string_view kFound = "reeve:found ";
constexpr std::string_view kMissing = "reeve:missing ";

}  // namespace

SceneNeeds blender_needs(const std::filesystem::path& scene) {
  SceneNeeds needs;
  const auto said =
      run_to_end({"timeout", "-k", "5", kPatience, "blender", "--background", "--factory-startup",
                  "--disable-autoexec", "--python-exit-code", "1", std::filesystem::absolute(scene).string(),
                  "--python-expr", std::string(needed_files_py())});
  if (!said) {
    const std::string& why = said.error().message;
    const bool absent = why.find("ended with 127") != std::string::npos;
    needs.notes.push_back(
        "which files " + scene.filename().string() + " needs was not checked: " +
        (absent ? "Blender is not installed here" : why.substr(0, why.find('\n'))) +
        "; pack them into it (File > External Data > Pack Resources) or say --project FOLDER");
    return needs;
  }
  std::istringstream lines(*said);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kFound)) needs.found.insert(line.substr(kFound.size()));
    if (line.starts_with(kMissing)) needs.missing.insert(line.substr(kMissing.size()));
  }
  return needs;
}

}  // namespace reeve::client
