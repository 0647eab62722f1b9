#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "protocol/bundle_files.h"
#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::agent::compare {

/// A part of a file in memory, for as long as this lives. The file must not change meanwhile.
class MappedBytes {
 public:
  MappedBytes() = default;
  /// Maps `size` bytes from `begin` on. Errors: kIo, also where the file is shorter.
  static Result<MappedBytes> of(const Descriptor& file, std::uint64_t begin, std::uint64_t size);
  ~MappedBytes();
  MappedBytes(MappedBytes&& other) noexcept;
  MappedBytes& operator=(MappedBytes&& other) noexcept;

  ByteView bytes() const { return bytes_; }

 private:
  void* base_ = nullptr;
  std::size_t length_ = 0;
  ByteView bytes_;
};

/// A result as the files it consists of.
class ResultFiles {
 public:
  enum class Form : std::uint8_t { kBundle, kFolder, kFile };

  /// Opens a bundle, a folder or a plain file, whichever stands there. A file that begins as a bundle and is
  /// none counts as a plain file, so that nobody's result is beyond comparison. Errors: kNotFound, kIo,
  /// kExhausted.
  static Result<ResultFiles> open(const std::filesystem::path& path);

  Form form() const { return form_; }
  /// Ascending by path. A plain file is one, under its own name.
  const std::vector<BundleFile>& files() const { return files_; }
  /// The bytes of files()[index]. Errors: kNotFound, kIo, kInvalid.
  Result<MappedBytes> map(std::size_t index) const;

 private:
  Form form_ = Form::kFile;
  Descriptor root_;  // the folder, or the file
  std::vector<BundleFile> files_;
  std::vector<std::uint64_t> begins_;  // of each file in a bundle
};

}  // namespace reeve::agent::compare
