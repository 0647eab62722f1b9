#include "client/program_image.h"

#include <array>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

namespace reeve::client {
namespace {

/// Source: POSIX.1-2017, pax, "ustar Interchange Format".
constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kSizeBytes = 12;
constexpr std::size_t kMagicAt = 257;
/// An archive has three entries a layer, and few layers.
constexpr int kMostEntries = 4096;
constexpr const char* kHow =
    "save one: podman save --format oci-archive -o image.tar NAME, or docker save -o image.tar NAME";

using Header = std::array<char, kBlock>;

/// What a file is by its first bytes, if it is no tar archive.
struct Kind {
  std::string_view magic;
  const char* what;
  const char* remedy;
};
constexpr std::array kKinds{
    Kind{"\x1f\x8b", "is packed with gzip", "unpack it with gunzip; layers within may stay packed"},
    Kind{"\x28\xb5\x2f\xfd", "is packed with zstd", "unpack it with zstd -d; layers within may stay packed"},
    Kind{"\xfd"
         "7zXZ",
         "is packed with xz", "unpack it with unxz; layers within may stay packed"},
    Kind{"#!/usr/bin/env run-singularity", "is an image of Apptainer",
         "make it from the same source with podman or docker, and save that"}};

bool read_header(std::ifstream& file, Header& header) {
  file.read(header.data(), kBlock);
  return file.gcount() == static_cast<std::streamsize>(kBlock);
}

bool is_tar(const Header& header) {
  return std::string_view(header.data() + kMagicAt, 5) == "ustar";
}

/// Octal digits, or 8 bytes big-endian behind a set bit.
std::uint64_t size_of(const Header& header) {
  std::uint64_t size = 0;
  const std::string_view field(header.data() + kSizeAt, kSizeBytes);
  const bool binary = (static_cast<unsigned char>(field.front()) & 0x80U) != 0;
  for (const char c : field.substr(binary ? 4 : 0)) {
    if (binary)
      size = size << 8 | static_cast<unsigned char>(c);
    else if (c >= '0' && c <= '7')
      size = size << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return size;
}

std::string name_of(const Header& header) {
  const std::string name(header.data(), strnlen(header.data(), kNameBytes));
  return name.starts_with("./") ? name.substr(2) : name;
}

/// Whether one of its entries is the document that lists an image's layers.
bool lists_layers(std::ifstream& file) {
  Header header;
  for (int i = 0; i < kMostEntries && read_header(file, header) && is_tar(header); ++i) {
    const std::string name = name_of(header);
    if (name == "index.json" || name == "manifest.json") return true;
    const std::uint64_t blocks = (size_of(header) + kBlock - 1) / kBlock;
    file.seekg(static_cast<std::streamoff>(blocks * kBlock), std::ios::cur);
  }
  return false;
}

Result<void> check_archive(const std::filesystem::path& path) {
  const std::string who = "image " + path.string() + " ";
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return Error{ErrorCode::kInvalid, who + "is a folder",
                 "pack an OCI layout: tar -cf image.tar -C " + path.string() + " ."};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, "cannot read the " + who, "check the path"};
  Header header{};
  const bool whole = read_header(file, header);
  const std::string_view begin(header.data(), kBlock);
  for (const Kind& kind : kKinds)
    if (begin.starts_with(kind.magic)) return Error{ErrorCode::kInvalid, who + kind.what, kind.remedy};
  if (!whole || !is_tar(header)) return Error{ErrorCode::kInvalid, who + "is no tar archive", kHow};
  file.clear();
  file.seekg(0);
  if (lists_layers(file)) return {};
  return Error{ErrorCode::kInvalid,
               who + "has neither an index.json nor a manifest.json, so it is files and no image", kHow};
}

}  // namespace

Result<Input> image_input(const std::filesystem::path& path) {
  if (auto good = check_archive(path); !good) return good.error();
  return file_input(path);
}

}  // namespace reeve::client
