#include "tests/agent/image/samples.h"

#include <archive.h>
#include <archive_entry.h>

#include <fstream>
#include <memory>

#include "protocol/digest.h"

namespace reeve::agent::image::samples {
namespace {

struct FreeWriter {
  void operator()(::archive* writer) const { archive_write_free(writer); }
};
using Writer = std::unique_ptr<::archive, FreeWriter>;

constexpr std::size_t kRoom = 1U << 20;

void put(const Writer& writer, const Entry& from) {
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry* const to = entry.get();
  archive_entry_set_pathname(to, from.path.c_str());
  archive_entry_set_perm(to, static_cast<__LA_MODE_T>(from.mode));
  archive_entry_set_mtime(to, 1'600'000'000, 0);
  archive_entry_set_size(to, 0);
  switch (from.kind) {
    case '1':
      archive_entry_set_filetype(to, AE_IFREG);
      archive_entry_set_hardlink(to, from.text.c_str());
      break;
    case '2':
      archive_entry_set_filetype(to, AE_IFLNK);
      archive_entry_set_symlink(to, from.text.c_str());
      break;
    case '3':
      archive_entry_set_filetype(to, AE_IFCHR);
      archive_entry_set_rdev(to, 0x103);
      break;
    case '5': archive_entry_set_filetype(to, AE_IFDIR); break;
    case '6': archive_entry_set_filetype(to, AE_IFIFO); break;
    default:
      archive_entry_set_filetype(to, AE_IFREG);
      archive_entry_set_size(to, static_cast<std::int64_t>(from.text.size()) + from.hole);
      if (from.hole > 0) archive_entry_sparse_add_entry(to, 0, static_cast<std::int64_t>(from.text.size()));
  }
  archive_write_header(writer.get(), to);
  if (from.kind == '0') archive_write_data(writer.get(), from.text.data(), from.text.size());
}

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string descriptor(const std::string& blob, const std::string& type, const Options& options) {
  std::string digest = hex_digest(blob);
  if (const auto other = options.replaced.find(digest); other != options.replaced.end())
    digest = other->second;
  return R"({"mediaType":"application/vnd.oci.image.)" + type + R"(","digest":"sha256:)" + digest +
         R"(","size":)" + std::to_string(blob.size()) + "}";
}

std::string config_of(const std::vector<std::string>& tars, const Options& options) {
  std::string digests;
  for (const std::string& one : tars) {
    std::string digest = hex_digest(one);
    if (const auto other = options.replaced.find("diff " + digest); other != options.replaced.end())
      digest = other->second;
    digests += (digests.empty() ? "" : ",") + quoted("sha256:" + digest);
  }
  return R"({"os":"linux","architecture":)" + quoted(options.architecture) + R"(,"config":{"Env":)" +
         options.environment + R"(,"Entrypoint":["/never"]},"rootfs":{"type":"layers","diff_ids":[)" +
         digests + "]}}";
}

std::string without(std::vector<std::pair<std::string, std::string>> files, const Options& options) {
  std::erase_if(files, [&](const auto& file) { return file.first == options.without; });
  return archive(files);
}

}  // namespace

Entry folder(const std::string& path, unsigned mode) {
  return {path, "", '5', mode};
}
Entry link(const std::string& path, const std::string& target) {
  return {path, target, '2', 0777};
}
Entry hard_link(const std::string& path, const std::string& target) {
  return {path, target, '1'};
}

std::string tar(const std::vector<Entry>& entries) {
  std::size_t room = kRoom;
  for (const Entry& entry : entries)
    room += entry.text.size() + 4096;
  std::string bytes(room, '\0');
  std::size_t used = 0;
  const Writer writer(archive_write_new());
  archive_write_set_format_pax_restricted(writer.get());
  archive_write_open_memory(writer.get(), bytes.data(), bytes.size(), &used);
  for (const Entry& entry : entries)
    put(writer, entry);
  archive_write_close(writer.get());
  bytes.resize(used);
  return bytes;
}

std::string packed(const std::string& text, const std::string& how) {
  if (how.empty()) return text;
  std::string bytes(text.size() + kRoom, '\0');
  std::size_t used = 0;
  const Writer writer(archive_write_new());
  if (how == "gzip")
    archive_write_add_filter_gzip(writer.get());
  else
    archive_write_add_filter_zstd(writer.get());
  archive_write_set_format_raw(writer.get());
  archive_write_open_memory(writer.get(), bytes.data(), bytes.size(), &used);
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_write_header(writer.get(), entry.get());
  archive_write_data(writer.get(), text.data(), text.size());
  archive_write_close(writer.get());
  bytes.resize(used);
  return bytes;
}

std::string hex_digest(const std::string& text) {
  return to_hex(sha256(as_bytes(text)));
}

std::string archive(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<Entry> entries;
  for (const auto& [name, text] : files)
    entries.push_back({name, text});
  return tar(entries);
}

std::string oci_archive(const Layers& layers, const Options& options) {
  std::vector<std::string> tars;
  std::vector<std::pair<std::string, std::string>> files{{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}};
  const auto add = [&files](const std::string& blob) {
    files.emplace_back("blobs/sha256/" + hex_digest(blob), blob);
  };
  std::string list;
  for (const auto& layer : layers) {
    tars.push_back(tar(layer));
    const std::string stored = packed(tars.back(), options.pack);
    add(stored);
    list += (list.empty() ? "" : ",") + descriptor(stored, "layer.v1.tar", options);
  }
  const std::string config = config_of(tars, options);
  add(config);
  std::string named = R"({"schemaVersion":2,"config":)" + descriptor(config, "config.v1+json", options) +
                      R"(,"layers":[)" + list + "]}";
  for (int i = 0; i < options.nested; ++i) {
    add(named);
    named = R"({"schemaVersion":2,"manifests":[)" + descriptor(named, "index.v1+json", options) + "]}";
  }
  add(named);
  files.emplace_back("index.json", R"({"schemaVersion":2,"manifests":[)" +
                                       descriptor(named, "manifest.v1+json", options) + "]}");
  return without(std::move(files), options);
}

std::string docker_archive(const Layers& layers, const Options& options) {
  std::vector<std::string> tars;
  std::vector<std::pair<std::string, std::string>> files;
  std::string names;
  for (const auto& layer : layers) {
    tars.push_back(tar(layer));
    const std::string name = std::to_string(tars.size()) + "/layer.tar";
    files.emplace_back(name, tars.back());
    names += (names.empty() ? "" : ",") + quoted(name);
  }
  files.emplace_back("config.json", config_of(tars, options));
  files.emplace_back("manifest.json",
                     R"([{"Config":"config.json","RepoTags":["a:b"],"Layers":[)" + names + "]}]");
  return without(std::move(files), options);
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace reeve::agent::image::samples
