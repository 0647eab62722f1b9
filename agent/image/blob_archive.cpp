#include "agent/image/blob_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include "agent/image/bounds.h"

namespace reeve::agent::image {
namespace {

constexpr std::size_t kBlockBytes = 128U << 10;

/// "blobs/sha256/…" of "./blobs/sha256/…".
std::string plain_name(const char* name) {
  return std::filesystem::path(name ? name : "").lexically_normal().string();
}

Result<Reader> open_tar(const std::filesystem::path& path) {
  Reader reader = make_reader();
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlockBytes) == ARCHIVE_OK) return reader;
  return broken(std::string("it is no tar archive (") + archive_error_string(reader.get()) + ")");
}

}  // namespace

Result<BlobArchive> BlobArchive::open(const std::filesystem::path& path) {
  BlobArchive archive(path);
  if (auto listed = archive.list(); !listed) return listed.error();
  return archive;
}

Result<void> BlobArchive::list() {
  auto reader = open_tar(path_);
  if (!reader) return reader.error();
  std::size_t count = 0;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader->get(), &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
    if (++count > bounds::kArchiveEntries)
      return broken("its archive has more than " + std::to_string(bounds::kArchiveEntries) + " entries");
    const std::string name = plain_name(archive_entry_pathname(entry));
    const char* const link = archive_entry_symlink(entry);
    if (link != nullptr)
      links_[name] = plain_name((std::filesystem::path(name).parent_path() / link).c_str());
    else if (archive_entry_filetype(entry) == AE_IFREG)
      files_[name] = static_cast<std::uint64_t>(archive_entry_size(entry));
  }
  if (status != ARCHIVE_EOF)
    return broken(std::string("its archive is damaged (") + archive_error_string(reader->get()) + ")");
  for (const auto& [name, target] : links_) {
    if (const auto file = files_.find(target); file != files_.end()) files_[name] = file->second;
  }
  return {};
}

Result<Pull> BlobArchive::stream(const std::string& name) const {
  if (!has(name)) return broken("'" + name + "' is not in its archive");
  const auto link = links_.find(name);
  const std::string& wanted = link == links_.end() ? name : link->second;
  auto opened = open_tar(path_);
  if (!opened) return opened.error();
  const auto reader = std::make_shared<Reader>(std::move(opened).value());
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader->get(), &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
    if (archive_entry_filetype(entry) != AE_IFREG || plain_name(archive_entry_pathname(entry)) != wanted)
      continue;
    return Pull([reader, pull = entry_data(*reader, nullptr, "'" + name + "'")] { return pull(); });
  }
  return broken("'" + name + "' is not in its archive any more");
}

Result<std::string> BlobArchive::document(const std::string& name) const {
  const auto file = files_.find(name);
  if (file != files_.end() && file->second > bounds::kDocumentBytes)
    return broken("'" + name + "' has " + std::to_string(file->second) + " bytes; at most " +
                  std::to_string(bounds::kDocumentBytes) + " are read");
  auto pull = stream(name);
  if (!pull) return pull.error();
  std::string text;
  for (;;) {
    const auto piece = pull.value()();
    if (!piece) return piece.error();
    if (piece->empty()) return text;
    text.append(reinterpret_cast<const char*>(piece->data()), piece->size());
    if (text.size() > bounds::kDocumentBytes) return broken("'" + name + "' is larger than it said");
  }
}

}  // namespace reeve::agent::image
