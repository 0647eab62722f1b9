#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::client {

/// A blob that a job names and the region must hold before it is submitted.
struct Input {
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::variant<std::filesystem::path, Bytes> content;  // a file as it is, or bytes that were prepared
  std::string label;                                   // for people: the file's name
  std::shared_ptr<void> keeper{};                      // holds a temporary file while the input is needed
};

/// Which frames of a scene are wanted, when a glTF file is prepared.
struct FrameSpan {
  std::uint32_t first = 1;
  std::uint32_t last = 1;
  double frames_per_second = 24;
};

/// True for files that are prepared into a scene blob: .glb and .gltf.
bool is_scene_file(const std::filesystem::path& path);

/// Reads a file once to know its digest. kNotFound, kIo; kExhausted over limits::kBlobBytes.
Result<Input> file_input(const std::filesystem::path& path);

/// Packs a folder into a bundle (protocol/bundle.h), without what its `.reeveignore` names.
///   notes  receives a sentence for each link or special file that was left out
/// Errors: kNotFound, kIo; kInvalid for a line of `.reeveignore`; kExhausted for too many or too large files.
Result<Input> folder_input(const std::filesystem::path& folder, std::vector<std::string>& notes);

/// Packs these files of a folder, and no others. `files` are paths below it, sorted.
/// Errors: kNotFound and kInvalid name the one that is missing, or is reached through a link; kIo.
Result<Input> picked_input(const std::filesystem::path& folder, const std::vector<std::string>& files);

/// Refuses an input that a render step names as its scene and that is neither a glTF file, prepared, nor a
/// file that holds a prepared scene.
Result<void> check_scene_input(const Input& input);

/// Prepares a glTF file into the blob that render tasks read.
///   notes  receives a sentence for each thing that was left out or approximated
Result<Input> scene_input(const std::filesystem::path& path, const FrameSpan& frames,
                          std::vector<std::string>& notes);

}  // namespace reeve::client
