#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// Images as tests need them: made here, byte for byte, hostile ones too.
namespace reeve::agent::image::samples {

/// An entry of a layer. `kind` as tar has it: '0' file, '1' hard link, '2' symbolic link, '3' character
/// device, '5' folder, '6' pipe.
struct Entry {
  std::string path;
  std::string text;  // of a file, or where a link leads
  char kind = '0';
  unsigned mode = 0644;
  std::int64_t hole = 0;  // of a file: zeros behind the text that take no room in the archive
};
Entry folder(const std::string& path, unsigned mode = 0755);
Entry link(const std::string& path, const std::string& target);
Entry hard_link(const std::string& path, const std::string& target);

std::string tar(const std::vector<Entry>& entries);
/// "gzip", "zstd", or "" for the text as it is.
std::string packed(const std::string& text, const std::string& how);
std::string hex_digest(const std::string& text);

/// What goes into an image besides its layers.
struct Options {
  std::string pack;  // of layers
  std::string architecture = "amd64";
  std::string environment = R"(["PATH=/opt/bin:/bin","GREETING=hello=you"])";
  std::map<std::string, std::string> replaced{};  // a digest in a document -> another one
  std::string without{};                          // a file of the archive that is left out
  int nested = 0;                                 // indexes between index.json and the manifest
};
using Layers = std::vector<std::vector<Entry>>;
/// An image that holds files alone, of its uncompressed archive.
std::string oci_archive(const Layers& layers, const Options& options = {});
std::string docker_archive(const Layers& layers, const Options& options = {});
/// An archive of these files, in this order.
std::string archive(const std::vector<std::pair<std::string, std::string>>& files);

void write_file(const std::filesystem::path& path, const std::string& text);
std::string read_file(const std::filesystem::path& path);

}  // namespace reeve::agent::image::samples
