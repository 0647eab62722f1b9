#include "agent/shell/programs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "agent/sandbox/gpu.h"
#include "agent/sandbox/sandbox.h"
#include "agent/sandbox/scratch.h"
#include "agent/shell/files.h"
#include "protocol/digest.h"
#include "protocol/units.h"

namespace reeve::agent {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::array kFolders{"/usr/local/bin", "/usr/bin", "/bin"};  // the PATH of a task
constexpr std::size_t kSaidBytes = 64U << 10;
constexpr Duration kPatience = seconds(60);  // a large GPU build on a cold disk

/// How a program is asked for its version: words of its command line, and what stands before the number.
struct Question {
  const char* name;
  std::vector<std::string> args;
  std::string_view before;
};

constexpr const char* kAskBlender = R"ask(
import bpy
print("reeve:version", bpy.app.version_string)
try:
    chosen = bpy.context.preferences.addons["cycles"].preferences
    for kind in ("CUDA", "OPTIX", "HIP", "ONEAPI"):
        try:
            chosen.compute_device_type = kind
        except TypeError:
            continue
        chosen.get_devices()
        if any(card.type == kind for card in chosen.devices):
            print("reeve:cycles", kind)
except KeyError:
    print("reeve:no-cycles")
)ask";

const std::vector<Question>& questions() {
  static const std::vector<Question> all{
      {"blender",
       {"--background", "--factory-startup", "--python-exit-code", "1", "--python-expr", kAskBlender},
       "reeve:version "},
      {"ffmpeg", {"-version"}, "ffmpeg version "},
      {"povray", {"--version"}, "POV-Ray "}};
  return all;
}

/// A place of a task's PATH that has the program; empty: none has.
std::string find_on_path(const std::string& name) {
  for (const char* folder : kFolders) {
    const fs::path path = fs::path(folder) / name;
    if (access(path.c_str(), X_OK) == 0) return path.string();
  }
  return "";
}

bool is_shown(const std::string& path) {
  return path.starts_with("/usr/") || path.starts_with("/bin/");
}

/// Digits, letters and dots from there on, as a tag may have them.
std::string version_after(const std::string& text, std::string_view before) {
  const std::size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + before.size();
  std::size_t end = begin;
  while (end < text.size() && end - begin < 24 &&
         (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '.'))
    ++end;
  return text.substr(begin, end - begin);
}

Result<std::string> ask(const Question& question, const std::string& path, const Cards& cards) {
  auto sandbox = sandbox::Sandbox::open("programs-" + std::to_string(getpid()));
  if (!sandbox) return sandbox.error();
  std::string folder = (fs::temp_directory_path() / "reeve-programs-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    return Error{ErrorCode::kIo, "cannot make a folder in " + folder,
                 "set TMPDIR to a folder that can be written"};
  std::string said;
  sandbox::Command command;
  command.program = path;
  command.args = question.args;
  command.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/tmp"}, {"LANG", "C.UTF-8"}};
  command.work = folder;
  command.gpus = sandbox::gpu_access(cards.minors);
  command.on_line = [&said](std::string_view line) {
    if (said.size() < kSaidBytes) said += std::string(line) + "\n";
  };
  sandbox::Bounds bounds;
  bounds.memory_bytes = 8ULL << 30;
  bounds.time = kPatience;
  const auto outcome = sandbox.value()->run(command, bounds);
  if (const auto gone = sandbox::remove_tree(folder); !gone) return gone.error();
  if (!outcome) return outcome.error();
  if (!outcome->good())
    return Error{ErrorCode::kConflict,
                 outcome->how.empty() ? "exit status " + std::to_string(outcome->exit_status) : outcome->how,
                 ""};
  return said;
}

std::string digest_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Sha256 hash;
  std::vector<char> piece(1U << 20);
  while (file) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    hash.update(as_bytes({piece.data(), static_cast<std::size_t>(file.gcount())}));
  }
  return to_hex(hash.finish());
}

std::vector<std::string> cycles_of(const std::string& said) {
  std::vector<std::string> kinds;
  for (const char* kind : {"CUDA", "OPTIX", "HIP", "ONEAPI"})
    if (said.find("reeve:cycles " + std::string(kind) + "\n") != std::string::npos) kinds.emplace_back(kind);
  return kinds;
}

fs::path cache_file() {
  const auto folder = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
    return fs::path(value != nullptr && *value == '/' ? value : "");
  };
  fs::path cache = folder("XDG_CACHE_HOME");
  const fs::path home = folder("HOME");
  if (cache.empty() && !home.empty()) cache = home / ".cache";
  return cache.empty() ? cache : cache / "reeve" / "programs.json";
}

Json read_cache(const fs::path& path) {
  const auto bytes = path.empty() ? Result<Bytes>(Error{}) : read_file(path);
  if (!bytes) return Json::object();
  Json cache = Json::parse(bytes->begin(), bytes->end(), nullptr, false);
  return cache.is_object() ? cache : Json::object();
}

/// Without it the next start asks again: no error.
void write_cache(const fs::path& path, const Json& cache) {
  if (path.empty()) return;
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  const std::string text = cache.dump(1, ' ', true, Json::error_handler_t::replace);
  (void)replace_file(path, as_bytes(text), 0600);
}

/// What tells a file, and what it runs on, from another.
std::string identity(const std::string& path, const Cards& cards) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) return "";
  return std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino) + ":" +
         std::to_string(about.st_size) + ":" + std::to_string(about.st_mtim.tv_sec) + "." +
         std::to_string(about.st_mtim.tv_nsec) + " " + cards.name;
}

std::string text_of(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Whoever edited the cache gets what he wrote, and no crash.
InstalledProgram from_cache(const Json& row, InstalledProgram program) {
  program.version = text_of(row, "version");
  program.digest = text_of(row, "digest");
  const auto kinds = row.find("cycles");
  if (kinds != row.end() && kinds->is_array())
    for (const Json& kind : *kinds)
      if (kind.is_string()) program.cycles.push_back(kind.get<std::string>());
  return program;
}

}  // namespace

std::vector<InstalledProgram> find_programs(const Cards& cards, std::vector<std::string>& notes) {
  std::vector<InstalledProgram> found;
  const fs::path kept = cache_file();
  Json cache = read_cache(kept);
  bool learned = false;
  for (const Question& question : questions()) {
    const std::string place = find_on_path(question.name);
    if (place.empty()) continue;
    std::error_code unknown;
    InstalledProgram program{question.name, fs::canonical(place, unknown).string(), "", "", {}};
    if (!is_shown(program.path)) {
      notes.push_back(program.name + " is left out: " + program.path +
                      " is outside of what sandboxes show; put it below /usr/local");
      continue;
    }
    const std::string now = identity(program.path, cards);
    const Json row = cache.value(program.path, Json::object());
    if (row.is_object() && text_of(row, "identity") == now) {
      found.push_back(from_cache(row, std::move(program)));
      continue;
    }
    const auto said = ask(question, program.path, cards);
    if (!said) {
      notes.push_back(program.name + " is left out: it does not run in a sandbox: " + said.error().message);
      continue;
    }
    program.version = version_after(*said, question.before);
    program.digest = digest_of(program.path);
    program.cycles = cycles_of(*said);
    cache[program.path] = {{"identity", now},
                           {"version", program.version},
                           {"digest", program.digest},
                           {"cycles", program.cycles}};
    learned = true;
    found.push_back(std::move(program));
  }
  if (learned) write_cache(kept, cache);
  return found;
}

std::vector<std::string> program_tags(const std::vector<InstalledProgram>& programs) {
  constexpr std::size_t kDigits = 16;
  std::vector<std::string> tags;
  for (const InstalledProgram& program : programs) {
    tags.push_back(program.name);
    if (!program.version.empty()) tags.push_back(program.name + "-" + program.version);
    if (program.name != "blender") continue;
    tags.push_back("blender-sha256:" + program.digest.substr(0, kDigits));
    tags.insert(tags.end(), {"cycles-any", "cycles-cpu"});
    if (!program.cycles.empty()) tags.emplace_back("cycles-gpu");
    for (std::string kind : program.cycles) {
      std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) { return std::tolower(c); });
      tags.push_back("cycles-" + kind);
    }
  }
  std::sort(tags.begin(), tags.end());
  return tags;
}

}  // namespace reeve::agent
