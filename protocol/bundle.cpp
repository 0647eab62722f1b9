#include "protocol/bundle.h"

#include <algorithm>
#include <cstring>

#include "protocol/limits.h"

namespace reeve {
namespace {

constexpr std::string_view kMagic = "RVBUNDL1";

Error corrupt(const std::string& what) {
  return {ErrorCode::kCorrupt, "no bundle of files: " + what, "fetch or make it again"};
}

bool by_path(const BundleFile& a, const BundleFile& b) {
  return a.path < b.path;
}

/// The first broken rule among sorted files, or "".
std::string unfit_files(const std::vector<BundleFile>& files) {
  if (files.size() > limits::kFilesPerBundle)
    return std::to_string(files.size()) + " files, at most " + std::to_string(limits::kFilesPerBundle);
  const auto has = [&files](const std::string& path) {
    return std::binary_search(files.begin(), files.end(), BundleFile{path, false, 0}, by_path);
  };
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& path = files[i].path;
    if (const std::string why = unfit_path(path); !why.empty()) return why;
    if (i > 0 && files[i - 1].path >= path) return "'" + path + "' is out of order or there twice";
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      if (has(path.substr(0, slash))) return "'" + path.substr(0, slash) + "' is a file and a folder";
    if (files[i].size_bytes > limits::kBlobBytes - total)
      return "more than " + std::to_string(limits::kBlobBytes) + " bytes";
    total += files[i].size_bytes;
  }
  return "";
}

}  // namespace

std::uint64_t BundleIndex::size_bytes() const {
  std::uint64_t size = data_begin;
  for (const BundleFile& file : files)
    size += file.size_bytes;
  return size;
}

std::size_t BundleIndex::find(std::string_view path) const {
  const auto at = std::lower_bound(files.begin(), files.end(), path,
                                   [](const BundleFile& file, std::string_view p) { return file.path < p; });
  return at != files.end() && at->path == path ? static_cast<std::size_t>(at - files.begin()) : files.size();
}

std::string unfit_path(std::string_view path) {
  const std::string name = "path '" + std::string(path.substr(0, 200)) + "'";
  if (path.empty()) return "an empty path";
  if (path.size() > limits::kPathBytes)
    return name + " has " + std::to_string(path.size()) + " bytes, at most " +
           std::to_string(limits::kPathBytes);
  if (std::any_of(path.begin(), path.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
      }))
    return "a path with control characters";
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty()) return name + " is absolute or has an empty part";
    if (part == "." || part == "..") return name + " has a part '" + std::string(part) + "'";
    begin = end + 1;
  }
  return "";
}

Result<Bytes> encode_bundle_index(std::vector<BundleFile> files) {
  std::sort(files.begin(), files.end(), by_path);
  if (const std::string why = unfit_files(files); !why.empty()) {
    const bool many = files.size() > limits::kFilesPerBundle;
    return Error{many ? ErrorCode::kExhausted : ErrorCode::kInvalid, "files cannot be bundled: " + why,
                 "rename, leave out or pack files"};
  }
  Writer index;
  index(files);
  Bytes out(kMagic.begin(), kMagic.end());
  for (unsigned shift = 0; shift < 64; shift += 8)
    out.push_back(static_cast<std::uint8_t>(std::uint64_t{index.bytes().size()} >> shift));
  out.insert(out.end(), index.bytes().begin(), index.bytes().end());
  return out;
}

Result<std::uint64_t> bundle_head_bytes(ByteView prefix) {
  if (prefix.size() < kBundlePrefixBytes || std::memcmp(prefix.data(), kMagic.data(), kMagic.size()) != 0)
    return corrupt("it does not start like one");
  std::uint64_t length = 0;
  for (unsigned i = 0; i < 8; ++i)
    length |= std::uint64_t{prefix[kMagic.size() + i]} << (8 * i);
  if (length > kBundleIndexBytes) return corrupt("an index of " + std::to_string(length) + " bytes");
  return kBundlePrefixBytes + length;
}

Result<BundleIndex> decode_bundle_index(ByteView head, std::uint64_t size_bytes) {
  const auto length = bundle_head_bytes(head);
  if (!length) return length.error();
  if (head.size() != *length || size_bytes < *length) return corrupt("its index is cut short");
  BundleIndex index;
  index.data_begin = *length;
  Reader reader(head.subspan(kBundlePrefixBytes));
  reader(index.files);
  if (!reader.ok() || !reader.at_end()) return corrupt("its index is damaged");
  if (const std::string why = unfit_files(index.files); !why.empty()) return corrupt(why);
  if (index.size_bytes() != size_bytes)
    return corrupt("its files take " + std::to_string(index.size_bytes()) + " bytes, it has " +
                   std::to_string(size_bytes));
  return index;
}

}  // namespace reeve
