#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/sandbox/sandbox.h"
#include "protocol/bundle_files.h"
#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::agent::image {

/// A large image (20 GB, gzip) on a slow disk takes half of it.
inline constexpr Duration kUnpackTime = seconds(900);

/// An unpacked image that somebody uses: it stays as long as this does.
struct Image {
  std::filesystem::path root;
  std::vector<std::string> environment;  // NAME=VALUE
  Descriptor hold;
};

/// Unpacked images on an agent's disk, by the digests of their archives: those used last stay, up to a bound
/// of bytes; those in use always do. Shared by the agent's workers, through locks on the folders. An archive
/// is unpacked in a sandbox.
class ImageCache {
 public:
  struct Options {
    std::filesystem::path folder;
    std::uint64_t limit_bytes = 0;
    std::filesystem::path unpacker;  // reeve-unpack-image
  };
  using Cancelled = std::function<std::optional<Duration>()>;

  explicit ImageCache(Options options) : options_(std::move(options)) {}

  /// Unpacks the archive where nobody has, or waits for whoever does. Until then `cancelled` is asked.
  /// Errors: kInvalid, kExhausted where the image is at fault, and then nothing of it is left; kTimeout;
  /// kConflict where it was cancelled; kNotFound for a missing program; kCorrupt; kIo.
  Result<Image> open(const Digest& digest, const std::filesystem::path& archive, sandbox::Sandbox& sandbox,
                     const Cancelled& cancelled);

  /// Removes what is unfinished and nobody's, and the images used least recently, until the others fit.
  void shrink() const;

 private:
  enum class Found : std::uint8_t { kNothing, kBusy, kImage };
  Result<Found> hold(const Digest& digest, Image& image) const;
  Result<void> use(const Digest& digest, Descriptor hold, Image& image) const;
  static Descriptor take_part(const std::filesystem::path& part);
  Result<void> unpack(const std::filesystem::path& part, const std::filesystem::path& archive,
                      sandbox::Sandbox& sandbox, const Cancelled& cancelled) const;
  std::filesystem::path path_of(const Digest& digest) const;

  Options options_;
};

/// Why no image can be unpacked on this machine; empty: they can. `programs` is where the agent's own are.
std::string why_no_images(const std::filesystem::path& programs);

}  // namespace reeve::agent::image
