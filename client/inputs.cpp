#include "client/inputs.h"

#include <fcntl.h>
#include <stdlib.h>

#include <fstream>

#include "client/ignore_file.h"
#include "client/quantities.h"
#include "client/scene/import_gltf.h"
#include "protocol/bundle_files.h"
#include "protocol/digest.h"
#include "protocol/limits.h"

namespace reeve::client {
namespace {

/// A file that is gone when nobody needs it any more.
class TemporaryFile {
 public:
  static Result<std::shared_ptr<TemporaryFile>> make() {
    std::string path = (std::filesystem::temp_directory_path() / "reeve-input-XXXXXX").string();
    Descriptor file(mkostemp(path.data(), O_CLOEXEC));
    if (!file.valid())
      return Error{ErrorCode::kIo, "cannot make a temporary file at " + path,
                   "set TMPDIR to a folder with room for the inputs"};
    return std::make_shared<TemporaryFile>(path, std::move(file));
  }
  TemporaryFile(std::filesystem::path path, Descriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }
  const Descriptor& file() const { return file_; }

 private:
  std::filesystem::path path_;
  Descriptor file_;
};

Result<Input> packed_input(const Descriptor& opened, const std::filesystem::path& folder,
                           const std::vector<FoundFile>& files) {
  auto packed = TemporaryFile::make();
  if (!packed) return packed.error();
  if (auto written = write_bundle(opened, files, (*packed)->file()); !written) return written.error();
  auto input = file_input((*packed)->path());
  if (!input) return input.error();
  input->label = std::filesystem::absolute(folder).lexically_normal().filename().string() + "/ (" +
                 std::to_string(files.size()) + " files)";
  input->keeper = std::move(*packed);
  return input;
}

}  // namespace

bool is_scene_file(const std::filesystem::path& path) {
  return path.extension() == ".glb" || path.extension() == ".gltf";
}

Result<Input> file_input(const std::filesystem::path& path) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) {
    return Error{ErrorCode::kNotFound, "input " + path.string() + " is no file", "check the path"};
  }
  std::ifstream file(path, std::ios::binary);
  Sha256 hash;
  Input input{{}, 0, path, path.filename().string()};
  std::vector<char> piece(limits::kBulkChunkBytes);
  while (file && input.size_bytes <= limits::kBlobBytes) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    hash.update(as_bytes({piece.data(), count}));
    input.size_bytes += count;
  }
  if (input.size_bytes > limits::kBlobBytes) {
    return Error{ErrorCode::kExhausted,
                 "input " + path.string() + " is larger than " + format_size(limits::kBlobBytes), "split it"};
  }
  if (!file.eof())
    return Error{ErrorCode::kIo, "cannot read " + path.string(), "check the file and its permissions"};
  input.digest = hash.finish();
  return input;
}

Result<Input> folder_input(const std::filesystem::path& folder, std::vector<std::string>& notes) {
  const auto opened = open_folder(folder);
  if (!opened) return opened.error();
  auto listing = list_files(*opened);
  if (!listing) return listing.error();
  const auto ignore = IgnoreFile::of_folder(folder);
  if (!ignore) return ignore.error();
  std::erase_if(listing->files, [&](const FoundFile& file) { return ignore->ignores(file.path); });
  for (const SkippedFile& skipped : listing->skipped)
    if (!ignore->ignores(skipped.path))
      notes.push_back("input " + folder.string() + ": '" + skipped.path + "' is left out (" + skipped.why +
                      ")");
  return packed_input(*opened, folder, listing->files);
}

Result<Input> picked_input(const std::filesystem::path& folder, const std::vector<std::string>& files) {
  const auto opened = open_folder(folder);
  if (!opened) return opened.error();
  std::vector<FoundFile> found;
  for (const std::string& path : files) {
    if (const auto file = open_below(*opened, path); !file) return file.error();
    const auto mode = std::filesystem::status(folder / path).permissions();
    found.push_back({path, (mode & std::filesystem::perms::owner_exec) != std::filesystem::perms::none,
                     std::filesystem::file_size(folder / path)});
  }
  return packed_input(*opened, folder, found);
}

Result<void> check_scene_input(const Input& input) {
  const auto* path = std::get_if<std::filesystem::path>(&input.content);
  if (path == nullptr) return {};
  const Error no_scene{ErrorCode::kInvalid,
                       path->string() + " is no scene: neither a .glb or .gltf file nor a prepared scene",
                       "give a .glb or .gltf file; most tools export to glTF 2.0"};
  if (input.size_bytes > kernels::kMaxSceneBytes) return no_scene;
  std::ifstream file(*path, std::ios::binary);
  Bytes bytes(input.size_bytes);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  kernels::Scene scene;
  std::string why;
  if (file && kernels::decode_scene(bytes, scene, why)) return {};
  return no_scene;
}

Result<Input> scene_input(const std::filesystem::path& path, const FrameSpan& frames,
                          std::vector<std::string>& notes) {
  ImportOptions options;
  options.first_frame = frames.first;
  options.last_frame = frames.last;
  options.frames_per_second = frames.frames_per_second;
  auto scene = import_gltf(path, options, &notes);
  if (!scene) return scene.error();
  Bytes blob = kernels::encode_scene(*scene);
  Input input{sha256(blob), blob.size(), {}, path.filename().string()};
  input.content = std::move(blob);
  return input;
}

}  // namespace reeve::client
