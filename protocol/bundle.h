#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/archive.h"
#include "protocol/bytes.h"
#include "protocol/result.h"

/// Several files as one blob: a folder of inputs, or what a program's task leaves.
///
///   8 bytes  "RVBUNDL1"
///   8 bytes  length of the index, little-endian
///   index    archive of the files in ascending order of their paths
///   data     the files' bytes, one after another, in that order
///
/// Equal files give equal bytes: there are no times, owners, links or empty folders in it.
namespace reeve {

struct BundleFile {
  std::string path;  // relative, below the bundle's folder
  bool executable = false;
  std::uint64_t size_bytes = 0;
  bool operator==(const BundleFile&) const = default;
};

struct BundleIndex {
  std::vector<BundleFile> files;  // ascending by path
  std::uint64_t data_begin = 0;   // of the first file's bytes

  std::uint64_t size_bytes() const;  // of the whole bundle
  /// The position of `path`, or files.size().
  std::size_t find(std::string_view path) const;
  bool operator==(const BundleIndex&) const = default;
};

/// Magic and length: what must be read before the length of the index is known.
inline constexpr std::size_t kBundlePrefixBytes = 16;
/// An index of limits::kFilesPerBundle long paths.
inline constexpr std::uint64_t kBundleIndexBytes = 32U << 20;

/// What is wrong with a path as one of a bundle's, or "": it is relative, has no part that is empty, "." or
/// "..", no control characters, and at most limits::kPathBytes bytes.
std::string unfit_path(std::string_view path);

/// Magic, length and index for `files`, which are sorted here. Errors: kInvalid for a path that does not fit,
/// is there twice or is a folder of another; kExhausted for too many files.
Result<Bytes> encode_bundle_index(std::vector<BundleFile> files);

/// The bytes of magic, length and index of a bundle that starts so. Errors: kCorrupt.
Result<std::uint64_t> bundle_head_bytes(ByteView prefix);
/// Reads magic, length and index: `head` has bundle_head_bytes() bytes. Never trusts them.
/// Errors: kCorrupt, also where the files do not add up to `size_bytes` of the whole.
Result<BundleIndex> decode_bundle_index(ByteView head, std::uint64_t size_bytes);

template <class A>
void fields(A& a, BundleFile& f) {
  a(f.path, f.executable, f.size_bytes);
}

}  // namespace reeve
