#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "agent/image/reader.h"
#include "protocol/result.h"

namespace reeve::agent::image {

/// An image as it was saved: an uncompressed tar archive of documents and layers, each looked up by its name.
class BlobArchive {
 public:
  /// Lists it. Errors: kInvalid for anything that is no such archive; kIo.
  static Result<BlobArchive> open(const std::filesystem::path& path);

  bool has(const std::string& name) const { return files_.contains(name); }
  /// A small text, whole. Errors: kInvalid where it is missing, or larger than bounds::kDocumentBytes.
  Result<std::string> document(const std::string& name) const;
  /// The bytes of one file. Errors: kInvalid where it is missing.
  Result<Pull> stream(const std::string& name) const;

 private:
  explicit BlobArchive(std::filesystem::path path) : path_(std::move(path)) {}
  Result<void> list();

  std::filesystem::path path_;
  std::map<std::string, std::uint64_t> files_;  // sizes
  std::map<std::string, std::string> links_;    // docker save links equal layers to the first of them
};

}  // namespace reeve::agent::image
