#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>

#include "protocol/bundle_files.h"
#include "protocol/result.h"

namespace reeve::agent::image {

/// The root of an image, as its layers make it. Every name is resolved as if this folder were the root of the
/// machine (openat2, RESOLVE_IN_ROOT): no path, link or absolute name leads out of it. What belongs to a
/// layer that was begun before is replaced and hidden; a layer does neither to its own.
class RootFolder {
 public:
  /// Makes the folder. Errors: kIo; kNotAllowed where the kernel has no openat2 (Linux 5.6).
  static Result<RootFolder> make(const std::filesystem::path& path);

  void begin_layer() { written_.clear(); }

  /// Each takes a clean path (clean_path); folders above it are made where they are missing.
  /// Errors: kInvalid for what a path or a link makes impossible; kIo.
  Result<void> folder(const std::string& path, mode_t mode);
  /// An empty file, open for writing.
  Result<Descriptor> file(const std::string& path, mode_t mode);
  Result<void> symbolic_link(const std::string& path, const std::string& target);
  /// A second name of what stands at another clean path.
  Result<void> hard_link(const std::string& path, const std::string& target);
  /// Removes what earlier layers have at the path.
  Result<void> hide(const std::string& path);
  /// Removes what earlier layers have below the path.
  Result<void> hide_below(const std::string& path);

  const Descriptor& descriptor() const { return root_; }

 private:
  explicit RootFolder(Descriptor root) : root_(std::move(root)) {}
  struct Place {
    Descriptor parent;
    std::string name;
  };
  /// Where a path's last name stands.
  Result<Place> place(const std::string& path, bool make);
  /// As place(), with nothing there any more, whatever layer it was of; a folder stays if `keep_folder`.
  Result<Place> fresh_place(const std::string& path, bool keep_folder);
  Result<Descriptor> make_folders(const std::string& path);
  enum class Which : std::uint8_t { kAll, kOlder };
  /// False where something is left.
  bool remove(int parent, const std::string& name, const std::string& path, Which which, int depth);
  bool remove_below(int folder, const std::string& path, Which which, int depth);

  Descriptor root_;
  std::unordered_set<std::string> written_;  // by the layer that is being applied
};

/// "usr/bin/env" of "./usr//bin/env" or "/usr/bin/env"; "" for the root itself.
/// Errors: kInvalid for "..", and beyond the bounds of length and depth.
Result<std::string> clean_path(std::string_view path);

/// Opens what a path names within a folder, as if that were the root. Invalid, with errno, where there is
/// none. `flags` as of openat2(2), `resolve` besides RESOLVE_IN_ROOT.
Descriptor open_in_root(const Descriptor& root, const std::string& path, std::uint64_t flags,
                        std::uint64_t resolve = 0);

}  // namespace reeve::agent::image
