#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <set>

#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::agent {

/// Inputs of steps on disk, by digest: those used last stay, up to a bound of bytes; those in use always do.
class InputCache {
 public:
  static Result<std::unique_ptr<InputCache>> open(const std::filesystem::path& folder,
                                                  std::uint64_t limit_bytes);

  bool has(const Digest& digest) const { return entries_.contains(digest); }
  std::filesystem::path path(const Digest& digest) const;
  /// Where a download is gathered; goes on from what is there.
  std::filesystem::path partial_path(const Digest& digest) const;

  /// Keeps a digest, here already or still to come.
  void pin(const Digest& digest);
  void unpin(const Digest& digest);

  /// Takes over a finished, verified partial file.
  Result<void> adopt(const Digest& digest, std::uint64_t size_bytes);
  std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  struct Entry {
    std::uint64_t size_bytes = 0;
    std::list<Digest>::iterator position;
  };

  InputCache(std::filesystem::path folder, std::uint64_t limit_bytes)
      : folder_(std::move(folder)), limit_bytes_(limit_bytes) {}
  void insert(const Digest& digest, std::uint64_t size_bytes);
  void shrink();

  std::filesystem::path folder_;
  std::uint64_t limit_bytes_;
  std::uint64_t size_bytes_ = 0;
  std::list<Digest> by_use_;  // used last first
  std::map<Digest, Entry> entries_;
  std::set<Digest> pinned_;
};

}  // namespace reeve::agent
